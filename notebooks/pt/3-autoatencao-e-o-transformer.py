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
# # 3 · Autoatenção e o Transformer
#
# Uma rede recorrente lê palavra por palavra: o estado 40 não pode ser calculado antes do estado 39. E o que a primeira
# palavra diz precisa passar por 39 estados para encontrar a última. Vaswani et al. (2017) abandonaram a recorrência.
# Que cada token olhe **diretamente** para todos os outros, com a atenção do caderno 2, todos ao mesmo tempo.
#
# Neste caderno você vai
#
# 1. fazer a autoatenção passo a passo para uma palavra: consulta, chave, valor, $\sqrt{d_k}$, softmax, soma;
# 2. ver que ela nada sabe da ordem das palavras e dar-lhe posições;
# 3. montar cabeças, conexões residuais e rede *feed-forward* e chegar aos números de um modelo treinado, camada por
#    camada;
# 4. olhar a atenção mascarada do decodificador e quanto tudo custa quando as frases crescem.
#
# Não é preciso rede. O treino leva uns dois minutos em dois núcleos, só na primeira vez.

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
import math
import time

from matplotlib.figure import Figure
from torch.nn import functional

from atento.figures import heatmap
from atento.figures.charts import Interval
from atento.figures.lines import Scales, Series, lines
from atento.inspection.walks import walk
from atento.nn.attention import attend, scaled_dot_product_scores
from atento.nn.capture import capture
from atento.nn.positions import sinusoidal

SENTENCE = "E a vida o que é, diga lá, meu irmão?"

# %% [markdown]
# ## Notação
#
# | | curso | Vaswani et al. 2017 | no código abaixo |
# |---|---|---|---|
# | número de tokens | $N$ | $n$ | `N` |
# | tamanho do vetor de um token | $d$ | $d_{\mathrm{model}}$ | `D` |
# | número de cabeças | $h$ | $h$ | `H` |
# | tamanho das consultas e chaves de uma cabeça | $d_k$ | $d_k$ | `K` |
# | os vetores dos tokens | $X$, $N \times d$ | entrada da camada | `X` |
# | consultas, chaves, valores | $Q = XW_Q$, $K = XW_K$, $V = XW_V$ | $QW^Q_i$, $KW^K_i$, $VW^V_i$ | `queries`, `keys`, `values` |
# | pesos da atenção | $N \times N$ | $\mathrm{softmax}(QK^\top / \sqrt{d_k})$ | `weights` |
# | última camada linear | $W_O$ | $W^O$ | `attention.output` |
#
# Na atenção sobre a origem, o $h_t$ do curso (decodificador) é o $s_i$ de Bahdanau e dá a consulta; o $s_k$ do curso
# (codificador) é o $h_j$ de Bahdanau e dá chaves e valores. Na *auto*atenção um mesmo token faz os três papéis.

# %% [markdown]
# ## Uma palavra, passo a passo
#
# O vetor $x$ de cada token, uma linha de $X$, é multiplicado por três matrizes aprendidas:
#
# $$q = x\, W_Q \qquad k = x\, W_K \qquad v = x\, W_V$$
#
# A **consulta** é o que o token procura, a **chave** é aquilo pelo qual pode ser encontrado, o **valor** é o que ele
# entrega quando é encontrado. Para *vida*, a consulta $q_{vida}$ é comparada com as chaves de todos os tokens,
# inclusive a sua própria:
#
# $$e_j = \frac{q_{vida} \cdot k_j}{\sqrt{d_k}} \qquad \alpha_j = \mathrm{softmax}_j(e_j) \qquad x'_{vida} = \sum_j \alpha_j v_j$$
#
# O novo vetor de *vida* é uma mistura dos valores de todos os tokens: ele conhece a sua frase. Cinco palavras e
# matrizes aleatórias bastam para ver:

# %%
generator = torch.Generator().manual_seed(1)
words = ["a", "vida", "o", "que", "é"]
N, D, K = len(words), 6, 4
X = torch.randn(N, D, generator=generator)  # uma linha por token
W_Q, W_K, W_V = (torch.randn(D, K, generator=generator) / math.sqrt(D) for _ in range(3))

q = X[1] @ W_Q  # a consulta de vida
e = torch.stack([q @ (x @ W_K) for x in X]) / math.sqrt(K)
alpha = e.exp() / e.exp().sum()
new = sum(weight * (x @ W_V) for weight, x in zip(alpha, X, strict=True))
for word, weight in zip(words, alpha.tolist(), strict=True):
    print(f"vida → {word:<5} {weight:.3f}")

# %% [markdown]
# Todas as palavras de uma vez são três produtos de matrizes e um softmax (Vaswani et al., eq. 1). É isso que torna o
# Transformer rápido de treinar: nenhuma palavra espera por outra.
#
# $$\mathrm{Attention}(Q, K, V) = \mathrm{softmax}\!\left(\frac{QK^\top}{\sqrt{d_k}}\right) V$$
#
# Na biblioteca é a mesma função da atenção recorrente, `attend`, com outra pontuação. (Onde ninguém olha, o *kernel*
# fundido do PyTorch calcula o mesmo.)

# %%
Q, keys, V = X @ W_Q, X @ W_K, X @ W_V
weights = (Q @ keys.T / math.sqrt(K)).softmax(-1)  # N × N
contexts = weights @ V

assert torch.allclose(contexts[1], new, atol=1e-5)
library_contexts, library_weights = attend(scaled_dot_product_scores(Q, keys), V)
assert torch.allclose(weights, library_weights, atol=1e-6)
assert torch.allclose(contexts, library_contexts, atol=1e-5)
assert torch.allclose(contexts, functional.scaled_dot_product_attention(Q[None], keys[None], V[None])[0], atol=1e-5)

# %% [markdown]
# ### Por que dividir por $\sqrt{d_k}$?
#
# Se os componentes de $q$ e $k$ são independentes, com média 0 e variância 1, o seu produto escalar é uma soma de $d_k$
# termos de variância 1. A sua variância é, portanto, $d_k$:
#
# $$\mathrm{Var}(q \cdot k) = \sum_{i=1}^{d_k} \mathrm{Var}(q_i k_i) = d_k$$
#
# Com $d_k = 64$, pontuações de $\pm 8$ são comuns. O softmax dá então quase tudo a um só token, e o seu gradiente é
# quase zero. Divididas por $\sqrt{d_k}$, as pontuações têm variância 1, seja qual for o tamanho.

# %%
for size in (4, 64, 1024):
    many = torch.randn(2, 4000, size, generator=generator)
    products = (many[0] * many[1]).sum(-1)
    print(f"d_k = {size:>4}: Var(q·k) = {products.var():8.1f}, dividido: {(products / math.sqrt(size)).var():.2f}")
    assert abs(products.var() / size - 1) < 0.2

# %% [markdown]
# ## A ordem não se vê
#
# Embaralhe as palavras, e cada uma recebe o mesmo vetor novo de antes: só as linhas trocaram de lugar. Para a
# autoatenção, uma frase é um saco de palavras; "o cão morde o homem" seria "o homem morde o cão".

# %%
shuffled = torch.tensor([4, 2, 0, 3, 1])
moved, _ = attend(scaled_dot_product_scores(Q[shuffled], keys[shuffled]), V[shuffled])
assert torch.allclose(moved, contexts[shuffled], atol=1e-5)

# %% [markdown]
# Por isso cada posição recebe um vetor próprio, somado ao do token. Vaswani et al. usam ondas de muitos comprimentos,
# seno e cosseno de cada frequência lado a lado:
#
# $$PE(pos, 2i) = \sin\!\big(pos / 10000^{2i/d}\big) \qquad PE(pos, 2i+1) = \cos\!\big(pos / 10000^{2i/d}\big)$$
#
# Os primeiros componentes mudam de palavra para palavra, os últimos ao longo de milhares de palavras, como os
# algarismos de um número. (Antes disso, os vetores das palavras são multiplicados por $\sqrt{d}$, para que as ondas não
# os afoguem.)

# %%
size, places = 64, torch.arange(50)
table = torch.empty(len(places), size)
for i in range(size // 2):
    angles = places / 10000 ** (2 * i / size)
    table[:, 2 * i], table[:, 2 * i + 1] = angles.sin(), angles.cos()
assert torch.allclose(table, sinusoidal(places, size), atol=1e-5)

figure = Figure(figsize=(7, 3.6), layout="constrained")
axes = figure.add_subplot(xlabel="i", ylabel="pos")
figure.colorbar(axes.imshow(table.numpy(), cmap="RdBu", vmin=-1, vmax=1, aspect="auto"))
figure

# %% [markdown]
# ## Um Transformer treinado
#
# Um pequeno: duas camadas de cada lado, quatro cabeças, 64 números por token, com o corpus português–espanhol embutido.


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
SMALL = [  # o que muda na receita `pt-es-small`
    "tokenizer.vocab_size=2000",
    "model.model_size=64",
    "model.feed_forward_size=256",
    "model.num_encoder_layers=2",
    "model.num_decoder_layers=2",
    "model.dropout=0.1",
    "training.batch_tokens=1024",
    "training.learning_rate=4e-3",
    "training.warmup_steps=200",
    "training.ema_decay=0.995",
    "training.precision=float32",
]
translator = atento.load(trained("transformer", "pt-es-small", SMALL, steps=1600, minutes=2.5))
result = translator.translate(SENTENCE, attention=True)
print(result.text)

# %% [markdown]
# ### Dentro do codificador
#
# A entrada da primeira camada é o vetor da palavra vezes $\sqrt d$ mais a posição:
#
# $$X_{pos} = \sqrt{d}\; E[x_{pos}] + PE(pos)$$

# %%
model, vocabulary = translator.bundle.model, translator.bundle.vocabulary
encoder, decoder = model.encoder, model.decoder
source = torch.tensor([[*translator.bundle.source_tokenizer.encode(SENTENCE).ids, vocabulary.eos]])
everything = torch.ones_like(source, dtype=torch.bool)
N, D, H = source.shape[1], encoder.config.model_size, encoder.config.num_heads
K = D // H

with (
    torch.inference_mode(),
    capture(model, kinds=["queries", "keys", "values", "scores", "weights", "contexts"]) as trace,
):
    annotations = encoder(source, everything).annotations

X = math.sqrt(D) * encoder.embedding.tokens.weight[source[0]] + sinusoidal(torch.arange(N), D)
with torch.inference_mode():
    assert torch.allclose(X, encoder.embedding(source, 0, None)[0], atol=1e-5)

# %% [markdown]
# ### Várias cabeças
#
# Uma atenção sozinha só procura uma coisa de cada vez. Uma frase tem muitas relações ao mesmo tempo: um artigo e o seu
# substantivo, um verbo e o seu sujeito. Por isso $h$ cabeças olham em paralelo, cada uma com as suas próprias matrizes
# pequenas, de tamanho $d_k = d / h$. Os seus resultados são postos lado a lado, e uma última matriz os mistura:
#
# $$\mathrm{MultiHead}(X) = [\mathrm{head}_1;\ \ldots;\ \mathrm{head}_h]\, W_O \qquad \mathrm{head}_i = \mathrm{Attention}(XW_Q^i, XW_K^i, XW_V^i)$$
#
# A biblioteca guarda as matrizes $W_Q$, $W_K$, $W_V$ de todas as cabeças em uma só, `attention.input`. (As camadas do
# PyTorch guardam as matrizes transpostas; por isso o código abaixo diz `.weight.T`.) A biblioteca normaliza o que uma
# camada lê (*pre-norm*; veja abaixo); a entrada real da camada é, portanto, $\mathrm{LayerNorm}(X)$:
#
# $$\mathrm{LayerNorm}(x) = \frac{x - \mathrm{mean}(x)}{\sqrt{\mathrm{var}(x) + \epsilon}} \circ \gamma + \beta$$

# %%
layer = encoder.layers[0]
attention = layer.self_attention


def normalise(norm, vectors):
    """LayerNorm, cada linha por si."""
    centred = vectors - vectors.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + norm.eps).sqrt() * norm.weight + norm.bias


def multi_head(attention, read):
    """Autoatenção de todas as cabeças, sem a conexão residual."""
    queries, keys, values = (read @ attention.input.weight.T + attention.input.bias).chunk(3, dim=-1)
    heads = []
    for i in range(H):
        part = slice(i * K, (i + 1) * K)
        weights = (queries[:, part] @ keys[:, part].T / math.sqrt(K)).softmax(-1)
        heads.append(weights @ values[:, part])
    return torch.cat(heads, dim=-1) @ attention.output.weight.T + attention.output.bias, torch.stack(heads)


attended, heads = multi_head(attention, normalise(layer.self_residual.norm, X))
[name, *_] = trace.names("contexts", "encoder")
assert torch.allclose(heads, trace.last(name, "contexts")[0], atol=1e-4)
print(name, tuple(heads.shape), "= H × N × d_k")

# %% [markdown]
# ### A camada inteira
#
# Em volta de cada parte passa uma **conexão residual**: uma parte só *soma* algo ao que já existe. Assim o erro
# encontra um caminho reto de volta por qualquer número de camadas. A segunda parte é uma **rede *feed-forward***, a
# mesma para todas as posições:
#
# $$X' = X + \mathrm{MultiHead}(\mathrm{LayerNorm}(X)) \qquad X'' = X' + \mathrm{ReLU}(\mathrm{LayerNorm}(X')\, W_1 + b_1)\, W_2 + b_2$$
#
# (Vaswani et al. normalizam depois da soma, $\mathrm{LayerNorm}(X + \ldots)$: `model.layer_norm=post`. Normalizar antes
# é mais fácil de treinar.) Duas camadas assim e uma última normalização são o codificador.


# %%
def encoder_layer(layer, X):
    """Atenção e rede feed-forward, cada uma somada ao que já existe."""
    X = X + multi_head(layer.self_attention, normalise(layer.self_residual.norm, X))[0]
    read = normalise(layer.feed_forward_residual.norm, X)
    inner = torch.relu(read @ layer.feed_forward.input.weight.T + layer.feed_forward.input.bias)
    return X + inner @ layer.feed_forward.output.weight.T + layer.feed_forward.output.bias


hidden = X
for layer in encoder.layers:
    hidden = encoder_layer(layer, hidden)
assert torch.allclose(normalise(encoder.norm, hidden), annotations[0], atol=1e-3)

# %% [markdown]
# ## Figuras
#
# Para onde olham as cabeças do codificador: uma linha por camada, uma coluna por cabeça, $N \times N$ células em cada
# uma. Linha: quem pergunta. Coluna: a quem se pergunta.

# %%
heatmap.grid(result.attention, role="encoder")

# %% [markdown]
# O caminho de uma cabeça de $Q$, $K$ e $V$ até a sua saída, uma ação por passo, para o token em `position`:

# %%
walk(translator, "head", SENTENCE, role="encoder", layer=0, head=0, position=2)

# %% [markdown]
# ### A máscara do decodificador
#
# O decodificador não pode olhar para palavras que ainda não escreveu. No treino todas elas estão ali; por isso as
# pontuações das posições seguintes são trocadas por $-\infty$ antes do softmax; $e^{-\infty} = 0$:
#
# $$\mathrm{softmax}\!\left(\frac{QK^\top}{\sqrt{d_k}} + M\right) V \qquad M_{ij} = \begin{cases} 0 & j \le i \\ -\infty & j > i \end{cases}$$
#
# Assim todas as posições de uma frase são treinadas de uma vez, e cada uma só vê o que verá no uso. A prova: mude a
# última palavra, e nada antes dela muda.

# %%
target = torch.tensor([[vocabulary.decoder_start, *result.candidates[0].ids[:-1]]])
changed = target.clone()
changed[0, -1] = vocabulary.unk


def decode(tokens):
    """Os vetores do decodificador e o que a autoatenção da sua primeira camada relata."""
    with (
        torch.inference_mode(),
        capture(model, kinds=["scores", "weights"], names=["decoder_module.layers.0.self_attention"]) as trace,
    ):
        memory = decoder.prepare(encoder(source, everything))
        hidden, _ = decoder(tokens, memory, decoder.start(memory))
    return hidden, *(trace.last("decoder_module.layers.0.self_attention", kind)[0] for kind in ("scores", "weights"))


hidden, scores, weights = decode(target)
mask = torch.full(scores.shape[-2:], -torch.inf).triu(1)
assert torch.allclose((scores + mask).softmax(-1), weights, atol=1e-6)
assert torch.allclose(hidden[:, :-1], decode(changed)[0][:, :-1], atol=1e-5)
heatmap.grid(result.attention, role="decoder")

# %% [markdown]
# O canto superior direito é azul-claro e hachurado: o futuro, para o qual um token não pode olhar. Pretas são as
# células de peso 0, para as quais ele poderia. Entre as suas duas partes, cada camada do decodificador tem uma
# terceira, a **atenção cruzada**: a consulta vem do decodificador, chaves e valores vêm da saída do codificador. É de
# novo a atenção do tradutor recorrente, que desenha o mesmo tipo de alinhamento:

# %%
result.attention.figure()

# %% [markdown]
# ## Quanto custa
#
# | para $N$ tokens | camada recorrente | autoatenção |
# |---|---|---|
# | passos um depois do outro | $N$ | 1 |
# | caminho mais longo entre dois tokens | $N$ | 1 |
# | multiplicações | $\sim N d^2$ | $\sim N^2 d + N d^2$ |
# | números a guardar para os pesos de uma cabeça | – | $N^2$ |
#
# O dobro de tokens, quatro vezes mais pontuações. Em frases curtas manda o termo $d^2$, e o cálculo em paralelo ganha;
# em textos longos, manda o $N^2$. Medimos aqui a atenção de uma camada, sem as projeções, escrita por extenso:


# %%
def milliseconds(length):
    """A melhor de cinco passagens de `attend` por tantos tokens."""
    vectors, durations = torch.randn(4, length, 16), []
    for _ in range(5):
        start = time.perf_counter()
        attend(scaled_dot_product_scores(vectors, vectors), vectors)
        durations.append(time.perf_counter() - start)
    return 1000 * min(durations)


lengths = [64, 128, 256, 512, 1024, 2048] if BUDGET >= 1 else [32, 64, 128]
lines(
    [Series("attend", tuple(lengths), tuple(Interval(milliseconds(length)) for length in lengths))],
    Scales(x="N", y="milissegundos", logarithmic_x=True, logarithmic_y=True, ticks_at_data=True),
)

# %% [markdown]
# ## Perguntas
#
# **Qual destas não é uma vantagem do Transformer?** (a) vê todos os tokens de uma vez; (b) calcula em paralelo por
# token; (c) a ordem dos tokens; (d) o comprimento da entrada.
#
# <details><summary>Resposta</summary>
#
# (a) e (b) são as suas vantagens: um passo entre dois tokens quaisquer, e nenhuma espera no treino. (c) não é: a
# atenção sozinha não vê a ordem; é preciso somar posições, o que uma rede recorrente dispensa. (d) também não: memória
# e tempo crescem com $N^2$, e posições aprendidas acabam em algum comprimento. No *uso* o decodificador continua a
# escrever token por token; (b) vale, portanto, só para o treino e para a leitura da origem.
#
# </details>
#
# **Por que o decodificador precisa de uma máscara no treino, e não quando traduz?**
#
# <details><summary>Resposta</summary>
#
# No treino todas as palavras da tradução são dadas de uma vez; sem máscara, o modelo copiaria a próxima palavra em vez
# de prevê-la. Quando traduz, as próximas palavras ainda não existem; não há o que esconder.
#
# </details>
#
# ## Exercícios
#
# 1. (fácil) Quais cabeças do codificador olham para o token anterior, quais para si mesmas, quais para `</s>`? Desenhe
#    a grade para uma frase sua.
# 2. (fácil) Multiplique `W_Q` no primeiro exemplo por 10 e por 0,1. O que acontece com $\alpha$?
# 3. (médio) Mostre que $PE(pos + k)$ é uma rotação de $PE(pos)$: ache para cada frequência a matriz $2 \times 2$, que
#    só depende de $k$, e confira com `torch.allclose`. Para que isso serve?
# 4. (médio) Treine com `model.position=none`. Quanto piora a tradução, e por que não é um desastre? (Pense na máscara
#    do decodificador.)
# 5. (médio) Escreva a atenção cruzada por extenso, como `multi_head`: chaves e valores de `annotations`, consultas do
#    decodificador. Compare com uma captura de `decoder_module.layers.0.cross_attention`.
# 6. (difícil) *Post-norm* (`model.layer_norm=post`) contra *pre-norm*, cada uma com a melhor de três taxas de
#    aprendizado e com três sementes. Qual aprende mais depressa em 1.600 passos? A diferença é maior do que a entre
#    sementes?
