# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 2 · Atenção e alinhamento
#
# Um tradutor que espreme a frase inteira em um só vetor esquece (caderno 1). O remédio de Bahdanau, Cho e Bengio
# (2015): guardar um vetor para *cada* token da origem e deixar o decodificador olhar para todos eles de novo antes de
# cada palavra que escreve. O quanto ele olha para cada um é um número entre 0 e 1. Ponha esses números em uma tabela e
# você verá qual palavra veio de qual: um alinhamento que ninguém ensinou ao modelo.
#
# Neste caderno você vai
#
# 1. ver a atenção como **consultas, chaves e valores**, em uma única função pequena;
# 2. seguir as equações de Bahdanau por um tradutor treinado, uma linha de código para cada uma, e chegar aos mesmos
#    números da biblioteca;
# 3. desenhar o alinhamento da frase do curso e medir a qualidade desses alinhamentos.
#
# Não é preciso rede. O treino leva até dois minutos em dois núcleos, só na primeira vez.

# %%
# %matplotlib inline
import os
from pathlib import Path

import torch

import atento
from atento.data.builtin.corpus import builtin_corpus, write_builtin
from atento.training.recipe import read_recipe
from atento.training.run import train

BUDGET = float(os.environ.get("ATENTO_NOTEBOOK_BUDGET", "1"))  # uma fração do treino: 0.01 para uma olhada rápida
RUNS = Path("runs")  # o que já foi treinado é reencontrado aqui

corpus = builtin_corpus(composed=round(6000 * BUDGET))
write_builtin(RUNS / "corpus", corpus)
print(len(corpus.train.pairs), "pares, como", corpus.train.pairs[0].source, "→", corpus.train.pairs[0].target)

# %%
from atento.data.pharaoh import Alignment
from atento.evaluation.alignment import score_alignments
from atento.figures import heatmap
from atento.inspection.alignment import word_attention
from atento.inspection.corpus import align_corpus
from atento.inspection.sheet import alignment_sheet
from atento.inspection.walks import walk
from atento.nn.attention import additive_scores, attend, scaled_dot_product_scores
from atento.nn.capture import capture
from atento.text.words import words_of

SENTENCE = "E a vida o que é, diga lá, meu irmão?"

# %% [markdown]
# ## Notação
#
# O curso e os artigos dão letras diferentes às mesmas coisas. Em especial, a letra $s$ muda de lado: o $s_k$ do curso é
# um estado do *codificador*, o $s_i$ de Bahdanau é um estado do *decodificador*.
#
# | | curso | Bahdanau et al. 2015 | Luong et al. 2015 | no código abaixo |
# |---|---|---|---|---|
# | posição no destino | $t$ | $i$ | $t$ | `step` |
# | posição na origem | $k$ | $j$ | $s$ | uma linha de `annotations` |
# | estado do decodificador | $h_t$ | $s_i$ | $h_t$ | `state` |
# | estado do codificador (anotação) | $s_k$ | $h_j$ | $\bar h_s$ | `annotations` |
# | pontuação (*score*) | $\mathrm{score}(h_t, s_k)$ | $e_{ij} = a(s_{i-1}, h_j)$ | $\mathrm{score}(h_t, \bar h_s)$ | `scores` |
# | peso da atenção | $\alpha_{tk}$ | $\alpha_{ij}$ | $a_t(s)$ | `weights` |
# | contexto | $c_t$ | $c_i$ | $c_t$ | `context` |
#
# Daqui em diante usamos as letras de Bahdanau.

# %% [markdown]
# ## Consultas, chaves e valores
#
# Um dicionário de Python responde a uma **consulta** (*query*) comparando-a com cada **chave** (*key*); onde são
# iguais, devolve o **valor** (*value*) daquela chave. A chave é a ponte da consulta para o valor. A atenção é um
# dicionário suave: uma consulta combina *um pouco* com cada chave, e a resposta é uma mistura de todos os valores.
#
# Três passos, para uma consulta $q$, chaves $k_j$ e valores $v_j$:
#
# $$e_j = \mathrm{score}(q, k_j) \qquad \alpha_j = \frac{\exp(e_j)}{\sum_l \exp(e_l)} \qquad c = \sum_j \alpha_j v_j$$
#
# O softmax no meio torna todos os $\alpha_j$ positivos e a sua soma igual a 1; $c$ é, portanto, uma média ponderada dos
# valores.
#
# A atenção recorrente também se descreve com essas palavras: a consulta é o estado do decodificador, chaves e valores
# são feitos dos estados do codificador. É assim que o curso a ensina e é assim que esta biblioteca é construída:
# modelos recorrentes e Transformers usam uma mesma função, `attend`. Só a pontuação é diferente.

# %%
query = torch.tensor([1.0, 0.0])
keys = torch.tensor([[3.0, 0.0], [0.0, 3.0], [1.0, 1.0]])
values = torch.tensor([[10.0], [20.0], [30.0]])

scores = keys @ query  # e_j = k_j · q
weights = scores.exp() / scores.exp().sum()  # α_j
context = weights @ values  # c = Σ_j α_j v_j
print("α =", [round(weight, 3) for weight in weights.tolist()], " c =", round(context.item(), 2))

library_context, library_weights = attend(scores.unsqueeze(0), values)
assert torch.allclose(weights, library_weights[0])
assert torch.allclose(context, library_context[0])

# %% [markdown]
# ### Três maneiras de pontuar
#
# - **produto escalar** (Luong): $e_j = q \cdot k_j$. Sem parâmetros; $q$ e $k_j$ precisam ter o mesmo tamanho.
# - **bilinear**, o *general* de Luong: $e_j = q^\top W k_j$. A matriz $W$ traduz de um espaço para o outro.
# - **aditiva**, a de Bahdanau: $e_j = v^\top \tanh(W q + U k_j)$, uma pequena rede neural com uma camada oculta.
#
# A pontuação do Transformer (caderno 3) é de novo o produto escalar, dividido por $\sqrt{d}$.

# %%
SCORES = ["escalar", "bilinear", "aditiva"]
W, U, v = torch.randn(4, 2), torch.randn(4, 2), torch.randn(4)

dot = torch.stack([query @ key for key in keys])
bilinear = torch.stack([query @ W.T @ U @ key for key in keys])  # serve qualquer matriz: aqui WᵀU
additive = torch.stack([v @ torch.tanh(W @ query + U @ key) for key in keys])

assert torch.allclose(dot, scaled_dot_product_scores(query.unsqueeze(0), keys)[0] * 2**0.5, atol=1e-6)
assert torch.allclose(additive, additive_scores((W @ query).unsqueeze(0), keys @ U.T, v)[0], atol=1e-6)
for name, scores in zip(SCORES, (dot, bilinear, additive), strict=True):
    print(f"{name:>9}:", [round(weight, 3) for weight in scores.softmax(-1).tolist()])

# %% [markdown]
# ## Um tradutor que presta atenção
#
# Agora um de verdade: uma versão pequena do modelo de Bahdanau, com uma GRU bidirecional como codificador e uma GRU
# como decodificador, treinada com o corpus português–espanhol embutido. Nada nos dados de treino diz qual palavra
# corresponde a qual.


# %%
def trained(name, recipe, settings, steps, minutes):
    """O treino com este nome, reencontrado ou feito agora; um interrompido continua."""
    steps = max(2, round(steps * BUDGET))
    run = RUNS / f"{name}-{steps}"
    if not (run / "bundle").exists():
        begun = (run / "recipe.toml").exists()
        chosen = read_recipe(
            recipe,
            train=[RUNS / "corpus" / "train.pt", RUNS / "corpus" / "train.es"],
            overrides=[
                *settings,
                f"training.steps={steps}",
                f"training.minutes={minutes}",
                f"training.validate_every={steps}",
                f"training.validation_sentences={round(100 * BUDGET)}",
            ],
        )
        print(f"treinando {name}: {steps} passos, no máximo {minutes} minutos …")
        train(None if begun else chosen, run, resume=begun)
    return run


# %%
SMALL = [  # o que muda na receita `demo`
    "tokenizer.vocab_size=2000",
    "model.cell=gru",
    "model.embedding_size=64",
    "model.hidden_size=128",
    "model.encoder_hidden_size=64",
    "training.precision=float32",
]
run = trained(
    "attention", "demo", [*SMALL, "model.bridge=backward", "model.attention.size=64"], steps=2400, minutes=1.7
)
translator = atento.load(run)
result = translator.translate(SENTENCE, beam_size=1, attention=True)
print(result.text)

# %% [markdown]
# Um modelo tão pequeno, treinado por minutos, erra. O que segue vale para traduções boas e ruins: queremos ver *como*
# ele chega às suas palavras.
#
# ### O codificador: uma anotação para cada token
#
# Uma GRU lê a frase do começo ao fim, outra de trás para a frente. A anotação do token $j$ põe os dois estados lado a
# lado (Bahdanau, A.2.1); assim ela conhece o que vem antes do token e o que vem depois:
#
# $$h_j = [\overrightarrow{h}_j;\ \overleftarrow{h}_j]$$

# %%
model, vocabulary = translator.bundle.model, translator.bundle.vocabulary
source_tokens = translator.bundle.source_tokenizer.encode(SENTENCE)
source = torch.tensor([[*source_tokens.ids, vocabulary.eos]])

with torch.inference_mode(), capture(model, kinds=["hidden"]) as trace:
    encoding = model.encoder(source, torch.ones_like(source, dtype=torch.bool))
forward_states, backward_states = trace.layers("hidden", "encoder")  # [1, S, n] cada
annotations = encoding.annotations[0]  # [S, 2n]

assert torch.allclose(annotations, torch.cat([forward_states, backward_states], dim=-1)[0], atol=1e-6)
print(source_tokens.pieces, "→", tuple(annotations.shape))

# %% [markdown]
# ### O primeiro estado do decodificador
#
# $$s_0 = \tanh(W_s \overleftarrow{h}_1)$$
#
# Ele é feito do *último* estado da GRU que lê de trás para a frente: o que fica na *primeira* palavra e já viu a frase
# inteira (A.2.2).

# %%
decoder = model.decoder
bridge = decoder.bridge.hidden[0]
first_state = torch.tanh(bridge.weight @ backward_states[0, 0] + bridge.bias)  # s_0

memory = decoder.prepare(encoding)
assert torch.allclose(first_state, memory.initial[0].hidden[0], atol=1e-5)

# %% [markdown]
# ### Um olhar para a origem
#
# Antes de escrever a palavra $i$, o decodificador tem o seu estado *anterior* $s_{i-1}$. Essa é a consulta. As
# anotações são os valores, e $U h_j$ são as chaves, feitas uma vez por frase:
#
# $$e_{ij} = v^\top \tanh(W s_{i-1} + U h_j) \qquad \alpha_{ij} = \frac{\exp(e_{ij})}{\sum_k \exp(e_{ik})} \qquad c_i = \sum_j \alpha_{ij} h_j$$
#
# (A biblioteca soma um viés a $U h_j$, como é costume.)

# %%
layer = decoder.layers[0]
attention = layer.attention
keys = annotations @ attention.weight_key.T + attention.bias  # U h_j


def look(state):
    """α_i e c_i, dado s_{i-1}."""
    query = attention.weight_query @ state  # W s_{i-1}
    scores = torch.tanh(query + keys) @ attention.vector  # e_i
    weights = scores.softmax(-1)  # α_i
    return weights, weights @ annotations  # c_i = Σ_j α_ij h_j


weights, context = look(first_state)
for label, weight in sorted(zip(result.attention.source, weights.tolist(), strict=True), key=lambda pair: -pair[1])[:4]:
    print(f"{label:>10} {weight:.3f}")

# %% [markdown]
# ### Do contexto ao próximo estado e à próxima palavra
#
# O contexto entra na GRU ao lado do vetor da palavra anterior, $E y_{i-1}$:
#
# $$r_i = \sigma(W_r E y_{i-1} + U_r s_{i-1} + C_r c_i) \qquad z_i = \sigma(W_z E y_{i-1} + U_z s_{i-1} + C_z c_i)$$
# $$n_i = \tanh\big(W_n E y_{i-1} + C_n c_i + r_i \circ (U_n s_{i-1})\big) \qquad s_i = z_i \circ s_{i-1} + (1 - z_i) \circ n_i$$
#
# (sem os vieses; o $z_i$ de Bahdanau é o nosso $1 - z_i$, e ele aplica $r_i$ antes do produto com $U$.) Uma camada
# oculta e um softmax preveem então a palavra:
#
# $$t_i = \tanh(U_o s_i + V_o E y_{i-1} + C_o c_i) \qquad P(y_i \mid y_{<i}, X) = \mathrm{softmax}(W_o t_i)$$
#
# (Bahdanau et al. usam *maxout* no lugar desta tanh, e o seu apêndice lê $s_{i-1}$ em vez de $s_i$.)
#
# Uma observação sobre os slides do curso: eles mostram $p(y_t, y_{<t}, X)$, que é uma probabilidade *conjunta*. O que o
# decodificador calcula, e o que se quer dizer, é a *condicional* $P(y_t \mid y_{<t}, X)$: a da próxima palavra, dadas
# as palavras até aqui e a origem.
#
# O laço abaixo é o decodificador inteiro. Ele segue as palavras que a busca gulosa da biblioteca escolheu e chega às
# mesmas probabilidades e à mesma atenção.

# %%
deep = decoder.output_layer
embed = decoder.embedding.weight  # E


def next_state(word, context, state):
    """s_i, dados E y_{i-1}, c_i e s_{i-1}."""
    inputs = layer.weight_input @ word + layer.bias + layer.weight_context @ context
    recurrent = layer.weight_hidden @ state
    (r, z, n), (recurrent_r, recurrent_z, recurrent_n) = inputs.chunk(3), recurrent.chunk(3)
    r, z = torch.sigmoid(r + recurrent_r), torch.sigmoid(z + recurrent_z)
    n = torch.tanh(n + r * (recurrent_n + layer.bias_candidate))
    return z * state + (1 - z) * n


def log_probabilities(word, context, state):
    """log P(y_i | y_{<i}, X) de cada palavra do vocabulário."""
    hidden = deep.weight_state @ state + deep.weight_word @ word + deep.weight_context @ context + deep.bias
    return (decoder.output.weight @ torch.tanh(hidden) + decoder.output.bias).log_softmax(-1)


state, previous, rows, values = first_state, vocabulary.decoder_start, [], []
for token in result.candidates[0].ids:
    weights, context = look(state)
    state = next_state(embed[previous], context, state)
    values.append(log_probabilities(embed[previous], context, state)[token])
    rows.append(weights)
    previous = token

assert torch.allclose(torch.stack(values), torch.tensor(result.candidates[0].log_probabilities), atol=1e-4)
assert torch.allclose(torch.stack(rows), torch.from_numpy(result.attention.matrix("cross")), atol=1e-4)
print("log P(Y | X) =", round(float(sum(values)), 3))

# %% [markdown]
# Os mesmos números na ordem em que se fazem, uma ação por passo (`position` é o token previsto; clique em *next* e abra
# os números embaixo das cores):

# %%
walk(translator, "attention", SENTENCE, position=2)

# %% [markdown]
# ## A figura
#
# Empilhe as linhas $\alpha_i$: a origem em cima, a tradução à esquerda, branco onde o decodificador olhou (figura 3 de
# Bahdanau). A segunda figura tem palavras em vez de pedaços de palavras: somam-se as colunas de uma palavra e tira-se a
# média das linhas.

# %%
result.attention.figure()

# %%
several = translator.translate(
    [
        "A menina comprou um livro novo.",
        "Meu irmão não sabe o que é a vida.",
        "Onde fica a casa amarela da minha avó?",
        "Diga lá, o que você quer?",
    ],
    attention=True,
)
for translation in several:
    print(translation.source, "→", translation.text)
heatmap.sheet([word_attention(translation.attention) for translation in several])

# %% [markdown]
# Uma diagonal quer dizer que as duas línguas andam palavra por palavra; um passo fora dela, que ordenam as palavras de
# outro modo (substantivo e adjetivo, por exemplo); uma linha cinzenta, que o modelo não precisou da origem ou não sabia
# para onde olhar.
#
# ## O alinhamento está certo?
#
# O corpus embutido sabe, para cada par, quais palavras se correspondem. Tome de cada linha a melhor palavra da origem
# como ligação e compare essas ligações $A$ com as certas $S$ (Och e Ney 2003; todas as nossas são *seguras*):
#
# $$\mathrm{AER} = 1 - \frac{2\,|A \cap S|}{|A| + |S|}$$
#
# 0 é perfeito. Para saber quanto vale um número, compare-o com algo trivial: aqui, ligar cada palavra do destino à
# palavra da origem que está no mesmo lugar relativo.

# %%
pairs = corpus.test.handwritten[: max(5, round(200 * BUDGET))]
sources, targets = [pair.source for pair in pairs], [pair.target for pair in pairs]
gold = [Alignment.of(pair.links) for pair in pairs]
found = align_corpus(translator, sources, targets)

shared = sum(len(links & right.sure) for links, right in zip(found, gold, strict=True))
aer = 1 - 2 * shared / sum(len(links) + len(right.sure) for links, right in zip(found, gold, strict=True))
assert abs(aer - score_alignments(found, gold).aer) < 1e-9


def diagonal(source_words, target_words):
    """Cada palavra do destino ligada à palavra da origem no mesmo lugar relativo."""
    return frozenset((position * source_words // target_words, position) for position in range(target_words))


lengths = [(len(words_of(source)), len(words_of(target))) for source, target in zip(sources, targets, strict=True)]
trivial = score_alignments([diagonal(*each) for each in lengths], gold).aer
print(f"AER: {100 * aer:.1f} %, da diagonal: {100 * trivial:.1f} %")

# %% [markdown]
# O português e o espanhol andam quase palavra por palavra; a diagonal é, por isso, uma rival difícil, e um modelo
# pequeno talvez mal a vença. Lembre também o que uma linha significa: para onde o decodificador olhou para *prever* a
# palavra. Para um artigo ou uma vírgula, muitas vezes é a palavra vizinha.
#
# As primeiras frases, desenhadas com as ligações certas (quadros) e as do modelo (círculos onde acertam, cruzes onde
# não):

# %%
chosen = slice(0, 4)
alignment_sheet(
    list(zip(sources, targets, strict=True))[chosen],
    found[chosen],
    gold[chosen],
    ["(a)", "(b)", "(c)", "(d)"],
    translator=translator,
)

# %% [markdown]
# ## Perguntas
#
# **Os pesos $\alpha_i$ são um softmax. O decodificador pode decidir não olhar para *nada*?**
#
# <details><summary>Resposta</summary>
#
# Não: os pesos de uma linha sempre somam 1. Um modelo que não precisa de nada da origem olha então para um lugar
# inofensivo, muitas vezes o token final `</s>` ou um ponto. Por isso uma célula clara nem sempre é uma tradução; essa é
# uma das razões por que a atenção é um indício, e não uma prova, do que o modelo usou.
#
# </details>
#
# **A consulta poderia ser $s_i$ em vez de $s_{i-1}$?**
#
# <details><summary>Resposta</summary>
#
# No modelo de Bahdanau, não: $s_i$ é calculado *a partir* do contexto $c_i$ e ainda não existe quando o decodificador
# olha. Luong et al. (2015) mudaram a ordem: primeiro o estado, depois o olhar, depois a palavra a partir dos dois.
# Experimente a receita `luong2015`.
#
# </details>
#
# ## Exercícios
#
# 1. (fácil) Traduza uma frase sua e desenhe a atenção. Quais palavras dividem a mesma palavra da origem?
# 2. (fácil) No exemplo pequeno, multiplique a consulta por 0, por 1 e por 10. O que acontece com $\alpha$ e com $c$, e
#    por quê?
# 3. (médio) Mostre a entropia $-\sum_j \alpha_{ij} \log \alpha_{ij}$ de cada linha ao lado da palavra prevista. Que
#    palavras deixam o decodificador em dúvida sobre para onde olhar?
# 4. (médio) `AlignmentConfig(method="intersection")` guarda só as ligações em que cada palavra é a melhor da outra. A
#    AER melhora? E a precisão e a cobertura (*recall*)?
# 5. (difícil) Troque `look` por uma pontuação bilinear com um $W$ aleatório e traduza de modo guloso com o seu próprio
#    laço. Como fica a tradução, e o que isso diz da pontuação aprendida?
# 6. (difícil) Treine com `model.attention.kind=luong`, `model.attention.score=dot` e compare a AER com esta. A
#    diferença é maior do que a entre duas sementes (`training.seed=2`)?
