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
# # 5 · BERT
#
# O GPT lê da esquerda para a direita, porque precisa prever o que vem depois. Quem só quer *entender* um texto pode
# olhar para os dois lados: em "o banco estava …" são as palavras seguintes que dizem se é para sentar ou para guardar
# dinheiro. O BERT (Devlin et al. 2019) é só o *codificador* do Transformer. Ele não pode ser treinado para prever o
# próximo token, já que o vê; por isso alguns tokens são escondidos, e ele aprende a preencher as lacunas.
#
# Neste caderno você vai
#
# 1. esconder tokens como o BERT faz e conferir as proporções;
# 2. treinar um pequeno BERT em português e deixá-lo preencher lacunas;
# 3. calcular à mão as suas previsões, camada por camada;
# 4. ajustá-lo para distinguir frases de frases embaralhadas e comparar com um modelo sem pré-treino.
#
# Não é preciso rede. O treino leva uns três minutos em dois núcleos, só na primeira vez.

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
import random

import numpy as np

from atento.data.masked_batching import MaskedBatch
from atento.data.masking import MaskingConfig, choose, hide
from atento.evaluation.classification import evaluate_classes
from atento.figures import heatmap
from atento.figures.attention import Attention
from atento.figures.confusion import confusion_figure
from atento.nn.capture import capture
from atento.text.pipeline import JOINER  # num arquivo, marca um sinal que toca o vizinho; rótulos mostram ▪
from atento.training.objectives import MaskedObjective

SENTENCE = "E a vida o que é, diga lá, meu irmão?"

# %% [markdown]
# ## Notação
#
# | | curso | Devlin et al. 2019 | no código abaixo |
# |---|---|---|---|
# | tokens | $x_1 \ldots x_n$ | $x$, com `[CLS]` no início e `[SEP]` no fim | `ids`, `<s>`, `</s>` |
# | token escondido | `[MASK]` | `[MASK]` | `[MASK]`, `vocabulary.mask` |
# | todos menos o token $k$ | $x_{\setminus k}$ | | o texto com uma máscara |
# | estado do codificador | $s_k$ (o $h_j$ de Bahdanau) | $T_k$ | uma linha de `annotations` |
# | estado do decodificador | $h_t$ (o $s_i$ de Bahdanau): aqui não existe | | |
# | o texto inteiro em um vetor | | $C$ | `annotations[0]` |


# %%
def trained(name, recipe, files, settings, steps, minutes, start=None):
    """O treino com este nome, reencontrado ou feito agora; um interrompido continua."""
    steps = max(2, round(steps * BUDGET))
    run = RUNS / f"{name}-{steps}"
    if not (run / "bundle").exists():
        begun = (run / "recipe.toml").exists()
        budget = [f"training.steps={steps}", f"training.minutes={minutes}", f"training.validate_every={steps}"]
        chosen = read_recipe(recipe, train=files, start=start, overrides=[*settings, *budget])
        print(f"treinando {name}: {steps} passos, no máximo {minutes} minutos …")
        train(None if begun else chosen, run, resume=begun)
    return run


# %%
SMALL = [
    "tokenizer.vocab_size=1500",
    "model.model_size=96",
    "model.feed_forward_size=384",
    "model.num_layers=3",
    "model.max_positions=64",
    "training.precision=float32",
]
LEARNING = [
    "data.documents=line",
    "training.batch_tokens=2048",
    "training.learning_rate=3e-3",
    "training.warmup_steps=100",
]
pretrained = trained("bert", "bert-small", [RUNS / "corpus" / "train.pt"], [*SMALL, *LEARNING], steps=1800, minutes=2.4)
reader = atento.load_reader(pretrained)
print(reader.fill("A minha [MASK] comprou um livro.").text)

# %% [markdown]
# ## Esconder tokens
#
# Os fatores de um modelo de linguagem só olham para trás; os do BERT olham para os dois lados:
#
# $$\mathrm{GPT}:\ P(x_k \mid x_{<k}) \qquad \mathrm{BERT}:\ P(x_k \mid x_{\setminus k})$$
#
# Em cada texto escolhem-se 15 % dos tokens, o conjunto $M$, e a perda só conta esses:
#
# $$L = -\frac{1}{|M|} \sum_{k \in M} \log P(x_k \mid \tilde{x})$$
#
# $\tilde x$ é o texto como o modelo o recebe: dos tokens escolhidos, 80 % viram `[MASK]`, 10 % viram um outro token
# qualquer e 10 % ficam. (Só máscaras ensinariam ao modelo que tokens visíveis não exigem atenção; no uso não há
# máscaras.) De todos os tokens, os mascarados são, portanto,
#
# $$0.15 \cdot 0.8 = 0.12$$

# %%
tokenizer, vocabulary = reader.bundle.tokenizer, reader.bundle.vocabulary
generator = np.random.default_rng(1)
rows = generator.integers(10, vocabulary.target_size, size=(500, 100))  # 500 textos de 100 tokens
chosen = choose(np.ones_like(rows, dtype=bool), None, 0.15, generator)
hidden = hide(rows, chosen, vocabulary, MaskingConfig(), generator)

masked, changed = hidden == vocabulary.mask, (hidden != rows) & (hidden != vocabulary.mask)
assert (chosen.sum(axis=1) == 15).all()
assert abs(masked.mean() - 0.15 * 0.8) < 0.005
assert abs(changed.mean() - 0.15 * 0.1) < 0.003
assert not (masked | changed)[~chosen].any()
example = np.array([tokenizer.encode(SENTENCE).ids])
for _ in range(3):  # sorteadas de novo a cada leitura de um texto
    drawn = choose(np.ones_like(example, dtype=bool), None, 0.15, generator)
    print(
        " ".join(
            tokenizer.label(int(token)) for token in hide(example, drawn, vocabulary, MaskingConfig(), generator)[0]
        )
    )

# %% [markdown]
# ## Preencher lacunas
#
# Várias lacunas de uma vez são preenchidas cada uma por si: nenhuma sabe com o que a outra foi preenchida.

# %%
for text in ("A [MASK] comprou um livro novo.", "Onde fica a [MASK]?"):
    print(reader.fill(text).text)

reader.fill("O meu irmão [MASK] na [MASK].", top=8)

# %% [markdown]
# ## À mão
#
# O codificador é o do Transformer (caderno 3) com estas diferenças:
#
# - as posições têm vetores aprendidos, e os vetores das palavras não são multiplicados por $\sqrt d$;
# - um terceiro vetor diz a qual de dois textos um token pertence (aqui sempre ao primeiro, $E_A$);
# - a soma dos três é normalizada antes da primeira camada;
# - nas camadas, a normalização vem *depois* de cada soma, como em Vaswani et al.; por isso não há outra após a última;
# - a rede *feed-forward* tem GELU no lugar da ReLU.
#
# $$X = \mathrm{LayerNorm}(E[x] + P[pos] + E_A)$$
# $$X' = \mathrm{LayerNorm}(X + \mathrm{MultiHead}(X)) \qquad X'' = \mathrm{LayerNorm}(X' + \mathrm{GELU}(X' W_1 + b_1)\, W_2 + b_2)$$
#
# Uma pequena cabeça transforma o vetor de uma lacuna em pontuações de tokens, de novo com a matriz $E$:
#
# $$P(x_k \mid x_{\setminus k}) = \mathrm{softmax}\big(\mathrm{LayerNorm}(\mathrm{GELU}(s_k W + b))\, E^\top + b_o\big) \qquad \mathrm{GELU}(x) = \frac{x}{2}\left(1 + \mathrm{erf}\frac{x}{\sqrt 2}\right)$$

# %%
encoder, head = reader.bundle.model.encoder, reader.bundle.model.head
E, P, H = encoder.embedding.tokens.weight, encoder.embedding.positions.weight, encoder.config.num_heads


def normalise(norm, X):
    """LayerNorm, cada linha por si."""
    centred = X - X.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + norm.eps).sqrt() * norm.weight + norm.bias


def linear(layer, X):
    """X Wᵀ + b."""
    return X @ layer.weight.T + layer.bias


def gelu(x):
    """GELU."""
    return x / 2 * (1 + torch.erf(x / math.sqrt(2)))


def multi_head(attention, X):
    """Sem máscara: todos veem todos."""
    Q, K, V = linear(attention.input, X).view(len(X), 3, H, -1).permute(1, 2, 0, 3)
    weights = (Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])).softmax(-1)
    return linear(attention.output, (weights @ V).transpose(0, 1).flatten(1))


def annotate(ids):
    """O codificador: um vetor para cada token, a partir do texto inteiro."""
    X = normalise(encoder.embedding_norm, E[ids] + P[: len(ids)] + encoder.types.weight[0])
    for layer in encoder.layers:
        X = normalise(layer.self_residual.norm, X + multi_head(layer.self_attention, X))
        inner = gelu(linear(layer.feed_forward.input, X))
        X = normalise(layer.feed_forward_residual.norm, X + linear(layer.feed_forward.output, inner))
    return X


def predict(ids):
    """log P de cada token em cada lugar."""
    return (normalise(head.norm, gelu(linear(head.dense, annotate(ids)))) @ E.T + head.output.bias).log_softmax(-1)


def framed(ids):
    """Com o primeiro e o último token do BERT."""
    return torch.tensor([vocabulary.bos, *ids, vocabulary.eos])


ids = framed(tokenizer.encode(SENTENCE).ids)
with torch.inference_mode(), capture(encoder, kinds=["weights"]) as trace:
    annotations = encoder(ids.unsqueeze(0), torch.ones(1, len(ids), dtype=torch.bool)).annotations[0]
assert torch.allclose(annotate(ids), annotations, atol=1e-3)

before, after = "A minha", "comprou um livro."
gapped = framed([*tokenizer.encode(before).ids, vocabulary.mask, *tokenizer.encode(after).ids])
place = gapped.tolist().index(vocabulary.mask)
by_hand = predict(gapped)[place].exp()
[gap] = reader.fill(f"{before} [MASK] {after}").gaps
assert all(math.isclose(by_hand[each.id], each.probability, rel_tol=1e-3) for each in gap.candidates)

# %% [markdown]
# E a perda com que ele foi treinado, a média sobre o conjunto $M$ de um texto, como acima:

# %%
original = framed(tokenizer.encode(SENTENCE).ids).unsqueeze(0).numpy()
words = ~np.isin(original, [vocabulary.bos, vocabulary.eos])
M = choose(words, None, 0.15, generator)
tilde = hide(original, M, vocabulary, MaskingConfig(), generator)

log_probabilities = predict(torch.tensor(tilde[0]))
L = -sum(log_probabilities[k, original[0, k]].item() for k in np.flatnonzero(M[0])) / M.sum()

batch = MaskedBatch(
    inputs=torch.tensor(tilde),
    mask=torch.ones(tilde.shape, dtype=torch.bool),
    types=None,
    chosen=torch.tensor(M),
    labels=torch.tensor(original[M]),
    follows=None,
    tokens=original.size,
)
with torch.inference_mode():
    loss = MaskedObjective()(reader.bundle.model, batch)
assert math.isclose(L, loss.total.item() / loss.count, rel_tol=1e-3)
print(f"|M| = {M.sum()}, L = {L:.3f} nats")

# %% [markdown]
# ## Os dois sentidos
#
# Mude o *último* token, e o vetor do *primeiro* muda: o mesmo token tem outro vetor em outra frase. Com a máscara do
# GPT (caderno 4) isso não seria possível. Nestas figuras há luz dos dois lados da diagonal:

# %%
other = ids.clone()
other[-2] = vocabulary.mask
assert not torch.allclose(annotate(other)[1], annotate(ids)[1], atol=1e-4)

tokens = tokenizer.encode(SENTENCE)
record = Attention(
    source=tuple(tokenizer.piece(int(token)).replace(JOINER, "") for token in ids),
    target=(),
    source_text=SENTENCE,
    target_text="",
    source_spans=(None, *tokens.spans, None),
    target_spans=(),
    weights={"encoder": np.stack([layer[0].numpy() for layer in trace.layers("weights", "encoder")])},
)
heatmap.grid(record, role="encoder")

# %% [markdown]
# ## Julgar um texto
#
# O BERT não dá nenhum $P(x_1 \ldots x_n)$: os fatores $P(x_k \mid x_{\setminus k})$ se condicionam uns aos outros em
# círculo, e o seu produto não é uma probabilidade do texto. Mesmo assim, ele distingue textos comuns de estranhos e se
# chama **pseudoverossimilhança** (Salazar et al. 2020). Mascare um token de cada vez:
#
# $$PLL(x) = \sum_{k=1}^{n} \log P(x_k \mid x_{\setminus k})$$


# %%
def pseudo_log_likelihood(text):
    """PLL, uma máscara de cada vez."""
    ids, total = framed(tokenizer.encode(text).ids), 0.0
    for place in range(1, len(ids) - 1):
        one_hidden = ids.clone()
        one_hidden[place] = vocabulary.mask
        total += predict(one_hidden)[place, ids[place]].item()
    return total


for text in ("A menina comprou um livro novo.", "A menina comprou uma livro novo.", "Livro a novo menina um comprou."):
    value = pseudo_log_likelihood(text)
    assert math.isclose(value, reader.score(text).total, rel_tol=1e-3)
    print(f"{value:8.2f}  {text}")

# %% [markdown]
# ## Ajuste fino
#
# O pré-treino se faz uma vez, com texto que ninguém rotulou. Para uma tarefa, põe-se uma camada linear sobre o vetor
# $C$ do primeiro token, e tudo continua a aprender com exemplos rotulados:
#
# $$P(\mathrm{class} \mid x) = \mathrm{softmax}\big(\tanh(C\, W_p + b_p)\, W + b\big)$$
#
# A tarefa: alguém embaralhou as palavras desta frase? (A primeira e a última palavra ficam no lugar, para que a
# maiúscula e o ponto não digam nada.) É uma prima pequena da tarefa de aceitabilidade que o artigo do BERT usa, e não
# precisa de ninguém que a rotule. As mesmas frases são mostradas ao BERT pré-treinado e à mesma rede com pesos
# aleatórios. Na linha de comando isso é `atento train classify --train labelled.tsv --from RUN`.


# %%
CLASSES, STARTS = ["intacta", "embaralhada"], ["pré-treinado", "do zero"]


def moved(words, generator):
    """As palavras em outra ordem: o acaso sozinho deixaria três como estão uma vez em seis."""
    order = words.copy()
    while order == words:
        generator.shuffle(order)
    return order


def labelled(pairs, seed):
    """Uma frase sim, outra não, como ela é; as outras com as palavras de dentro embaralhadas."""
    generator, found = random.Random(seed), []
    for number, pair in enumerate(pairs):
        first, *inner, last = pair.source.split()
        if len(inner) > 2 and len(set(inner)) > 1:
            words = moved(inner, generator) if number % 2 else inner
            found.append((" ".join([first, *words, last]), CLASSES[number % 2]))
            assert (words == inner) == (found[-1][1] == CLASSES[0])
    return found


train_file = RUNS / f"{CLASSES[1]}-{BUDGET}.tsv"
sentences = [pair for pair in corpus.train.handwritten if len(pair.source.split()) > 1][: max(40, round(3193 * BUDGET))]
train_file.write_text("".join(f"{text}\t{label}\n" for text, label in labelled(sentences, 1)), encoding="utf-8")
FINE = [
    "training.batch_tokens=1024",
    "training.learning_rate=5e-4",
    "training.warmup_steps=20",
    "training.precision=float32",
]
same_tokenizer = f"data.tokenizer={(pretrained / 'bundle' / 'tokenizer.json').absolute()}"
fine_tuned = atento.load_classifier(
    trained(CLASSES[1], "classify", [train_file], FINE, steps=600, minutes=0.5, start=pretrained)
)
from_scratch = atento.load_classifier(
    trained(f"{CLASSES[1]}-scratch", "classify", [train_file], [*SMALL, *FINE, same_tokenizer], steps=600, minutes=0.5)
)

held_out = [pair for pair in corpus.test.handwritten if len(pair.source.split()) > 1]
test = labelled(held_out if BUDGET >= 1 else held_out[:20], 2)
right = [CLASSES.index(label) for _, label in test]
reports = {}
for name, classifier in zip(STARTS, (fine_tuned, from_scratch), strict=True):
    guessed = [CLASSES.index(each.label) for each in classifier.classify([text for text, _ in test])]
    reports[name] = evaluate_classes(right, guessed, CLASSES, resamples=0)
    assert math.isclose(reports[name].accuracy, np.mean(np.equal(right, guessed)))
    print(f"{name:>12}: {100 * reports[name].accuracy:.1f} %")
confusion_figure(reports[STARTS[0]].confusion, CLASSES)

# %% [markdown]
# As probabilidades do próprio classificador, à mão:

# %%
body, output = fine_tuned.bundle.model.body, fine_tuned.bundle.model.output
encoder = body.encoder  # o ajuste fino também mudou estes pesos
E, P = encoder.embedding.tokens.weight, encoder.embedding.positions.weight

text = "A livro um novo menina comprou."
summary = torch.tanh(linear(body.pooler.dense, annotate(framed(tokenizer.encode(text).ids))[0]))
probabilities = linear(output, summary).softmax(-1)
classification = fine_tuned.classify(text)
for name, probability in zip(fine_tuned.bundle.classes, probabilities.tolist(), strict=True):
    assert math.isclose(probability, classification.probabilities[name], abs_tol=1e-3)
    print(f"{text}: {name} {probability:.3f}")

# %% [markdown]
# Adivinhar dá 50 %. Um treino de cada prova pouco: com outra semente ou outras frases, os números mudam alguns pontos.
# Antes de acreditar em uma diferença, repita-a com várias sementes (exercício 4).
#
# ## Perguntas
#
# **Por que o BERT não pode simplesmente ser treinado para prever o próximo token, como o GPT?**
#
# <details><summary>Resposta</summary>
#
# Ele olha para todos os tokens e, portanto, vê o próximo: a tarefa seria copiar. Ou uma máscara esconde o futuro (GPT),
# ou alguns tokens são escondidos de todos (BERT). O preço do segundo caminho: só 15 % dos tokens dão uma perda a cada
# passagem; aprende-se mais devagar.
#
# </details>
#
# **O BERT sabe escrever um texto?**
#
# <details><summary>Resposta</summary>
#
# Não bem. Ele não tem $P(x_t \mid x_{<t})$, só $P(x_k \mid x_{\setminus k})$, e nunca aprendeu a continuar onde um
# texto termina. Preencher máscaras uma a uma, da esquerda para a direita, até dá algum texto, mas cada lacuna é
# preenchida para uma frase cujo fim já está ali.
#
# </details>
#
# ## Exercícios
#
# 1. (fácil) Ache uma lacuna em que os dois lados importem: preencha *O gato [MASK] na cozinha.*, depois mude a palavra
#    antes dela, depois uma depois dela. O que muda?
# 2. (fácil) Dê *Amigos [MASK].* ao modelo. O que lhe falta para achar *inimagináveis*? (Caderno 6.)
# 3. (médio) Compare as pseudoverossimilhanças de concordâncias certas e erradas (*as meninas comprou*) em dez pares
#    seus. Em quantos a certa vence?
# 4. (médio) Desenhe a acurácia em função do número de frases rotuladas (200, 800, 3.200) para os dois pontos de
#    partida, cada um com três sementes (`training.seed`). Onde o pré-treino ajuda mais?
# 5. (difícil) Treine com `training.masking.whole_words=true`, pelo mesmo tempo. Preencher *palavras* de vários pedaços
#    fica mais fácil ou mais difícil, e por quê?
# 6. (difícil) Ajuste o GPT do caderno 4 com as mesmas frases (`start=`). Qual dos dois é melhor, e isso é mais do que a
#    diferença entre três sementes?
