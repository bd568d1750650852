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
# # 7 · Embeddings
#
# Uma rede calcula com números; por isso, todo modelo deste curso começa transformando cada token em um vetor. Ninguém
# escreve esses vetores: são pesos, aprendidos como todos os outros. E eles não ficam como são: camada por camada, o
# vetor de um token absorve o que está em volta. Há, portanto, dois tipos. O vetor **estático** de uma palavra é uma
# linha de uma matriz, a mesma em todas as frases. Os seus vetores **contextuais** são os estados das camadas: a mesma
# palavra em outra frase tem outros.
#
# Neste caderno você vai
#
# 1. procurar palavras na matriz de embeddings e achar à mão os seus vizinhos e analogias;
# 2. desenhar um mapa de palavras e ver o que vale uma figura dessas;
# 3. seguir uma palavra pelas camadas em várias frases e ver onde os seus papéis se separam e onde não;
# 4. achar as frases mais próximas de uma frase.
#
# Não é preciso rede. O modelo é o BERT do caderno 5, reencontrado se você já o rodou; senão, treina-se por no máximo
# três minutos. O que se diz abaixo do "nosso treino" vale para o treino com todos os 1.800 passos. Se a sua máquina for
# lenta ou estiver ocupada, ele vai menos longe, e você verá menos: depois de 560 passos, os vetores sabem muito pouco.

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
from itertools import permutations

import numpy as np

from atento.figures.charts import Interval
from atento.figures.lines import Scales, Series, lines
from atento.figures.scatter import Cloud, scatter
from atento.figures.similarity import Panel, similarity_tables
from atento.inspection.contexts import compare_contexts
from atento.inspection.maps import map_vectors
from atento.inspection.neighbours import Space
from atento.inspection.word_space import WordSpace
from atento.text.words import words_of

# %% [markdown]
# ## Notação
#
# | | curso | Mikolov et al. 2013 | Ethayarajh 2019 | no código abaixo |
# |---|---|---|---|---|
# | vetor estático (de entrada) de uma palavra | $E[x]$ | $x$ | | uma linha de `E` |
# | vetor contextual (oculto), camada $\ell$ | $s_k$ (o da última camada) | | $f_\ell(s, i)$ | `embedder.words(…, layer=l)` |
# | uma palavra em uma frase | $x_k$, o $k$-ésimo token | | palavra $i$ da frase $s$ | um texto e um lugar nele |
# | proximidade | | similaridade do cosseno | similaridade do cosseno | `cosine` |
# | o que está para $c$ como $a$ está para $b$? | $a - b + c$ | $x_b - x_a + x_c$, em que $a$ está para $b$ como $c$ para $d$ | | `analogy(a, b, c)` |
# | cosseno médio de uma palavra consigo mesma | | | $\mathrm{SelfSim}_\ell(w)$ | `self_similarity` |
#
# A camada 0 é o que entra na primeira, antes de qualquer contexto. Aqui não é $E[x]$ sozinho, mas $E[x]$ com o seu
# lugar.
#
# Cuidado com as letras da analogia: o $a$ e o $b$ da biblioteca são o $b$ e o $a$ de Mikolov.


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
pretrained = trained("bert", "bert-small", [RUNS / "corpus" / "train.pt"], [*SMALL, *LEARNING], steps=1800, minutes=3)
reader = atento.load_reader(pretrained)
embedder = atento.load_embedder(pretrained)
print(embedder.num_layers, "camadas;", reader.fill("A minha [MASK] comprou um livro.").text)

# %% [markdown]
# ## Procurar na matriz é multiplicar
#
# A matriz de embeddings $E$ tem uma linha para cada token do vocabulário. Procurar o token $x$ é multiplicar $E$ por um
# vetor **one-hot**, que é 1 no lugar $x$ e 0 nos outros:
#
# $$E[x] = \mathrm{onehot}(x)^\top E$$
#
# O embedding é, portanto, uma camada linear comum, e se aprende como tal. Ninguém calcula o produto, já que todas as
# linhas menos uma são multiplicadas por 0.

# %%
tokenizer = reader.bundle.tokenizer
embedding = reader.bundle.model.encoder.embedding.tokens  # a camada
token = embedder.token_ids("minha")[0]

one_hot = torch.zeros(embedding.weight.shape[0])
one_hot[token] = 1
assert torch.equal(one_hot @ embedding.weight, embedding(torch.tensor(token)))

vocabulary = embedder.vocabulary()  # as mesmas linhas, cada uma com a sua etiqueta
E = vocabulary.values
assert np.array_equal(E[token], embedding.weight[token].detach().numpy())
print(E.shape, vocabulary.labels[token], np.round(E[token, :6], 2), "…")

# %% [markdown]
# Uma palavra que o tokenizador corta em vários tokens (caderno 6) não tem linha própria. A biblioteca lhe dá a média
# das linhas dos seus tokens, o que é um remendo: *ban* e *##co* também estão em outras palavras.

# %%
for word in ("casa", "banco", "inimagináveis"):
    rows = E[list(embedder.token_ids(word))]
    assert np.allclose(embedder.static([word]).values[0], rows.mean(axis=0), atol=1e-6)
    print(word, "→", [tokenizer.label(token) for token in embedder.token_ids(word)])

# %% [markdown]
# ## Vizinhos
#
# Duas palavras são parecidas para o modelo se ele as trata do mesmo modo, ou seja, se os seus vetores apontam para o
# mesmo lado:
#
# $$\cos(u, v) = \frac{u \cdot v}{\lVert u \rVert\, \lVert v \rVert}$$
#
# 1 é a mesma direção, 0 um ângulo reto. Os vizinhos mais próximos de uma palavra são as linhas de $E$ com o maior
# cosseno.


# %%
def cosine(u, v):
    """cos(u, v); de matrizes, de cada linha com cada linha."""
    return u @ v.T / (np.linalg.norm(u, axis=-1)[..., None] * np.linalg.norm(v, axis=-1))


space = WordSpace.of_vocabulary(embedder)
hidden = list(embedder.specials)  # [MASK] e companhia não são palavras
for word in ("avó", "minha", "três", "comprou", "casa", "triste"):
    ids = list(embedder.token_ids(word))
    scores = cosine(E[ids].mean(axis=0, keepdims=True), E)[0]
    scores[[*hidden, *ids]] = -np.inf
    best = np.argsort(-scores)[:5]
    [found] = space.neighbours([word], 5)
    assert np.allclose([each.score for each in found.neighbours], scores[best], atol=1e-5)
    print(f"{word:>8}:", ", ".join(f"{vocabulary.labels[n]} {scores[n]:.2f}" for n in best))

# %% [markdown]
# No nosso treino, *avó* fica perto de outras mulheres da família, *minha* de outros possessivos, *três* de *quatro* e
# *dois*, *comprou* de outros verbos no passado. Isso é sobretudo **gramática**: as palavras cabem nas mesmas lacunas.
# *Casa* tem em volta substantivos de todo tipo, e *triste*, que é rara, nada que combine. Um modelo que leu nove mil
# frases curtas sabe onde uma palavra pode estar muito antes de saber o que ela quer dizer.
#
# ## Analogias
#
# Mikolov, Yih e Zweig (2013) descobriram que, em vetores aprendidos de centenas de milhões de palavras, muitas relações
# são *direções*: de *homem* para *mulher* vai-se pelo mesmo caminho que de *rei* para *rainha*. O que está para $c$
# como $a$ está para $b$ deveria, então, ficar perto de $a - b + c$, com vetores de comprimento um:
#
# $$d = \arg\max_{x \notin \{a, b, c\}} \cos\!\left(E[x],\ \frac{E[a]}{\lVert E[a] \rVert} - \frac{E[b]}{\lVert E[b] \rVert} + \frac{E[c]}{\lVert E[c] \rVert}\right)$$


# %%
def scored(target, left_out):
    """O cosseno de cada token com um alvo; dos deixados de fora, −∞."""
    scores = cosine(target[None], E)[0]
    scores[[*hidden, *left_out]] = -np.inf
    return scores


def directions(*words):
    """O vetor de cada palavra, de comprimento um."""
    rows = [E[list(embedder.token_ids(word))].mean(axis=0) for word in words]
    return [row / np.linalg.norm(row) for row in rows]


for a, b, c in (("minha", "meu", "seu"), ("avó", "avô", "tio"), ("livros", "livro", "amigo")):
    x, y, z = directions(a, b, c)
    scores = scored(x - y + z, [token for word in (a, b, c) for token in embedder.token_ids(word)])
    best = np.argsort(-scores)[:4]
    found = space.analogy(a, b, c, 4).neighbours
    assert np.allclose([each.score for each in found], scores[best], atol=1e-5)
    print(f"{a} − {b} + {c}:", ", ".join(f"{vocabulary.labels[n]} {scores[n]:.2f}" for n in best))

# %% [markdown]
# ### Quantas acertam?
#
# Três exemplos não provam nada, muito menos quando escolhidos. Faça, então, todas as perguntas que uma lista de pares
# permite e anote o *posto* da resposta certa; 1 é o melhor. E compare com algo trivial: os vizinhos só de $c$, sem
# $a - b$. (*Tia* fica perto de *tio* de qualquer modo; boa parte do que se conta das analogias vem disso e de deixar
# $a$, $b$ e $c$ de fora: Linzen 2016.)

# %%
FAMILY = "avô avó, tio tia, filho filha, irmão irmã, primo prima, neto neta, sogro sogra, amigo amiga, vizinho vizinha"
GRAMMAR = "meu minha, seu sua, nosso nossa, um uma, o a, no na, do da, este esta"


def rank(scores, token):
    """O lugar de um token na ordem dos cossenos."""
    return 1 + int((scores > scores[token]).sum())


for listed in (FAMILY, GRAMMAR):
    pairs = [pair.split() for pair in listed.split(", ")]
    pairs = [pair for pair in pairs if all(len(embedder.token_ids(word)) == 1 for word in pair)]
    with_offset, alone = [], []
    for (b, a), (c, d) in permutations(pairs, 2):  # a − b + c, e d é a certa
        left_out = [embedder.token_ids(word)[0] for word in (a, b, c)]
        x, y, z = directions(a, b, c)
        answer = embedder.token_ids(d)[0]
        with_offset.append(rank(scored(x - y + z, left_out), answer))
        alone.append(rank(scored(z, left_out), answer))
    print(f"{listed[:20]} …  ({len(with_offset)} perguntas, {len(E)} tokens)")
    for name, ranks in {"a − b + c": with_offset, "c": alone}.items():
        print(f"{name:>11}: {np.mean(np.equal(ranks, 1)):4.0%} em primeiro, posto mediano {np.median(ranks):g}")

# %% [markdown]
# No nosso treino, a palavra certa da família vem em primeiro em 4 % das perguntas. A diferença $a - b$ ajuda: sem ela,
# o posto mediano é 33, com ela, 14, de 1.500. Para as palavrinhas, $c$ sozinho acerta mais (41 % contra 30 %). Há aqui,
# portanto, um vestígio de uma direção dos homens para as mulheres, e só isso. As analogias famosas precisam de muito
# mais texto do que isto; e quem mostra algumas deveria mostrar o que $c$ sozinho acha.
#
# ## Um mapa
#
# Ninguém enxerga 96 dimensões. A **PCA** (análise de componentes principais) estende os vetores no plano em que mais
# diferem. Centre-os, faça a decomposição em valores singulares e guarde as duas primeiras direções:
#
# $$X - \bar x = U \Sigma V^\top \qquad Y = (X - \bar x)\, V_{1:2} \qquad \mathrm{explained}_i = \frac{\sigma_i^2}{\sum_j \sigma_j^2}$$

# %%
GROUPS = [
    ["avó", "tia", "filha", "irmã", "prima", "neta", "sogra", "amiga", "vizinha"],
    ["avô", "tio", "filho", "irmão", "primo", "neto", "sogro", "amigo", "vizinho"],
    ["comprou", "vendeu", "leu", "estudou", "cantou", "dormiu", "jogou", "ouviu"],
    ["meu", "minha", "seu", "sua", "nosso", "nossa", "um", "uma"],
    ["dois", "três", "quatro", "cinco", "seis", "dez", "vinte"],
]
words = embedder.static([word for group in GROUPS for word in group])
X = words.values.astype(np.float64)
_, singular, V = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)  # as linhas de V são direções
Y = (X - X.mean(axis=0)) @ V[:2].T
explained = singular**2 / (singular**2).sum()

drawn = map_vectors(words.values)
assert np.allclose(np.abs(Y), np.abs(drawn.points), atol=1e-4)  # o sinal de uma direção é livre
assert np.allclose(explained[:2], drawn.explained, atol=1e-6)
print("explicado:", np.round(explained[:5], 3), "…")
scatter(
    Cloud(
        points=drawn.points,
        labels=words.labels,
        groups=tuple(f"{group[0]}, {group[1]} …" for group in GROUPS for _ in group),
        axes=drawn.axes,
        note=drawn.note,
    )
)


# %% [markdown]
# Um mapa é só uma figura. Mostra a parte da variância que está escrita embaixo dele, mais ou menos um terço, e dois
# pontos que se tocam podem estar distantes nas outras 94 dimensões. A família parece aqui um monte só. Distâncias
# leem-se no espaço original:


# %%
def nearest(points):
    """De cada ponto, o outro mais próximo."""
    distances = np.linalg.norm(points[:, None] - points[None], axis=-1)
    np.fill_diagonal(distances, np.inf)
    return distances.argmin(axis=1)


same = int((nearest(X) == nearest(Y)).sum())
kinds = np.array([number for number, group in enumerate(GROUPS) for _ in group])
print(f"{same} de {len(X)} palavras têm na figura o mesmo vizinho mais próximo que no espaço do modelo")
for points in (X, Y):
    share = np.mean(kinds[nearest(points)] == kinds)
    print(f"{points.shape[1]:>3} dimensões: {share:.0%} das palavras têm o vizinho mais próximo no seu próprio grupo")

# %% [markdown]
# No nosso treino, 98 % contra 73 %: o modelo separa os homens e as mulheres da família, e a figura esconde isso.
#
# O t-SNE e o UMAP (`map_vectors(…, method="tsne")`) desenham ilhas mais bonitas. Mantêm juntos os vizinhos e nada mais:
# o tamanho das ilhas, os vazios entre elas e os eixos não significam nada, e outra semente dá outra figura.
#
# ## A mesma palavra em outras frases
#
# Agora o principal. O que entra na primeira camada do BERT, a "camada 0", é token, posição e tipo juntos, normalizados
# (caderno 5); sabe *onde* a palavra está, mas nada das outras. Da camada 1 em diante, a atenção as mistura:
#
# $$s_k^{(0)} = \mathrm{LayerNorm}(E[x_k] + P[k] + E_A) \qquad s_k^{(\ell)} = \mathrm{Layer}_\ell(s_1^{(\ell-1)}, \ldots, s_n^{(\ell-1)})_k$$
#
# Na camada 0, portanto, uma palavra tem o mesmo vetor em duas frases se está no mesmo lugar, e outro se está em outro;
# acima, tem outros vetores em qualquer caso:


# %%
def vectors_of(word, sentences, layer):
    """Os vetores de uma palavra que está uma vez em cada frase, uma linha por frase."""
    found = embedder.words(sentences, layer=layer)
    return found.values[[label.casefold() == word for label in found.labels]]


same_place, elsewhere = ["O jantar está na mesa.", "O jantar foi uma festa."], ["O jantar está na mesa.", "E o jantar?"]
assert np.allclose(*vectors_of("jantar", elsewhere, None), atol=1e-6)
assert np.allclose(*vectors_of("jantar", same_place, 0), atol=1e-5)
assert not np.allclose(*vectors_of("jantar", elsewhere, 0), atol=1e-4)
for layer in range(1, embedder.num_layers + 1):
    assert not np.allclose(*vectors_of("jantar", same_place, layer), atol=1e-4)

# %% [markdown]
# *Jantar* é substantivo (*o jantar*) e verbo (*vou jantar*). Tomamos quatro frases de cada, e em todas é a terceira
# palavra: senão mediríamos lugares, e não papéis. O cosseno de cada par de ocorrências em cada camada:

# %%
JANTAR = [
    "Depois do jantar ele leu o jornal.",
    "Antes do jantar ela foi ao mercado.",
    "Para o jantar ele comprou um bolo.",
    "Comprei o jantar no mercado.",
    "Ela vai jantar na casa da minha avó.",
    "Você quer jantar comigo?",
    "Ele quis jantar em casa.",
    "Eles vão jantar no restaurante.",
]
contexts = compare_contexts(embedder, "jantar", JANTAR)
for layer in contexts.layers:
    vectors = vectors_of("jantar", JANTAR, layer.layer)
    assert np.allclose(cosine(vectors, vectors), layer.table, atol=1e-5)
similarity_tables(
    [
        Panel("vetores de entrada", contexts.input.table),
        *(Panel(f"camada {layer.layer}", layer.table) for layer in contexts.layers),
    ],
    JANTAR,
)

# %% [markdown]
# Os vetores de entrada são todos iguais, e a camada 0 também, já que os lugares são os mesmos: 1 em toda parte. Se o
# modelo distingue os dois papéis, surgem nas camadas de cima dois blocos claros: as frases 1–4 entre si e as frases 5–8
# entre si. No nosso treino surgem, mas não limpos: *Comprei o jantar* fica tão perto dos verbos quanto dos outros
# substantivos.
#
# ### Por camada
#
# A **autossimilaridade** (*self-similarity*) de Ethayarajh é a média sobre todos os pares das $n$ ocorrências de uma
# palavra. Quanto menor, mais contexto há no vetor:
#
# $$\mathrm{SelfSim}_\ell(w) = \frac{1}{n^2 - n} \sum_j \sum_{k \neq j} \cos\big(f_\ell(s_j, i_j),\ f_\ell(s_k, i_k)\big)$$
#
# Com ela vêm dois avisos. Em uma camada em que *todos* os vetores estão em um cone estreito, todo cosseno é alto; por
# isso desenhamos ao lado o cosseno médio de palavras *diferentes*. E uma autossimilaridade baixa só diz que o contexto
# faz algo, não que faça algo sensato. Para isso separamos os pares: as duas ocorrências no mesmo papel ou em papéis
# diferentes.
#
# Ao lado de *jantar* tomamos *banco*, o do dinheiro (frases 1–4) ou o de sentar (5–8), sempre a quarta palavra. É
# substantivo nos dois casos; a gramática é a mesma, o *sentido* não.

# %%
BANCO = [
    "Ele foi ao banco pedir dinheiro.",
    "Ela trabalha no banco da cidade.",
    "Ele tinha no banco muito dinheiro.",
    "Ela foi ao banco abrir uma conta.",
    "Ele dormiu no banco da praça.",
    "Ela leu no banco do jardim.",
    "Ele descansou no banco do parque.",
    "Ela esperou no banco da estação.",
]


def parted(table):
    """Cosseno médio dos pares de ocorrências: na mesma metade das frases e nas duas."""
    half, n = len(table) // 2, len(table)
    pairs = [(j, k) for j in range(n) for k in range(j)]
    same = [table[j, k] for j, k in pairs if (j < half) == (k < half)]
    across = [table[j, k] for j, k in pairs if (j < half) != (k < half)]
    return np.mean(same), np.mean(across)


others = compare_contexts(embedder, "banco", BANCO)
places = tuple(float(number) for number in range(embedder.num_layers + 1))
series = []
for word, sentences, result in (("jantar", JANTAR, contexts), ("banco", BANCO, others)):
    for layer in result.layers:
        n, table = len(sentences), layer.table
        by_hand = (table.sum() - np.trace(table)) / (n * n - n)  # todos os pares, menos cada uma consigo mesma
        assert math.isclose(by_hand, layer.self_similarity, abs_tol=1e-6)
    same, across = zip(*(parted(layer.table) for layer in result.layers), strict=True)
    series += [
        Series(f"{word}, mesmo papel ou sentido", places, tuple(Interval(float(value)) for value in same)),
        Series(f"{word}, dois papéis ou sentidos", places, tuple(Interval(float(value)) for value in across)),
    ]
    print(f"{word}: mesmo menos dois, por camada:", np.round(np.subtract(same, across), 3))
different = tuple(Interval(layer.others) for layer in contexts.layers)
lines(
    [*series, Series("palavras diferentes", places, different)],
    Scales("camada (0: o que entra na primeira)", "cosseno médio de dois vetores", ticks_at_data=True),
)

# %% [markdown]
# No nosso treino, os dois papéis de *jantar* se separam nas camadas 2 e 3: pares do mesmo papel têm cosseno médio de
# 0,94 e 0,92, pares de dois papéis, 0,86 e 0,84. O papel se lê nos vizinhos (um artigo antes dele, ou *vai*, *quer*), e
# para preencher lacunas o modelo precisa justamente disso. Os dois *sentidos* de *banco* mal se separam, 0,97 contra
# 0,96 na camada 3, e o pouco que há vem de *ao banco* contra *no banco*: mostre `others.layers[3].table`. A palavra
# está em menos de vinte frases do treino e é cortada em dois pedaços. Modelos grandes distinguem, sim, um banco do
# outro; o nosso mostra que um vetor contextual guarda o que *aquele* modelo achou útil *naquele* texto. E oito frases
# feitas por nós são um exemplo, não uma medida (exercício 6).
#
# A última camada aumenta o cosseno de palavras diferentes, de cerca de 0,1 para 0,3: o cone estreito. Se a
# autossimilaridade subisse ali, isso não significaria que o contexto conta menos.
#
# ## Frases
#
# A média dos vetores dos tokens de uma frase é um vetor da frase. Dos vetores de entrada sai um *saco de palavras*, que
# esquece a ordem; dos ocultos, não:

# %%
swapped = ["o gato viu a menina", "a menina viu o gato"]
assert np.allclose(*embedder.sentences(swapped, layer=None).values, atol=1e-5)
assert not np.allclose(*embedder.sentences(swapped, layer=2).values, atol=1e-4)

known = [pair.source for pair in corpus.train.handwritten if len(words_of(pair.source)) <= 12]
known = known[: max(50, round(len(known) * BUDGET))]
asked = ["Quanto custa este relógio?", "A minha tia mora longe daqui.", "Não tenho medo de nada."]
for layer in (None, 2):
    queries, vectors = (embedder.sentences(texts, layer=layer) for texts in (asked, known))
    scores = cosine(queries.values, vectors.values)
    nearest_ones = Space(vectors).nearest(queries.values, 3)
    for text, row, found in zip(asked, scores, nearest_ones, strict=True):
        assert np.allclose([each.score for each in found], -np.sort(-row)[:3], atol=1e-5)
        print(f"{layer}: {text}")
        for each in found:
            print(f"      {each.score:.2f} {each.label}")

# %% [markdown]
# E a própria média, à mão, sem os tokens que o modelo acrescenta (`<s>`, `</s>`):

# %%
tokens = embedder.tokens(asked[:1], layer=2)
own = [number for number, span in enumerate(tokens.spans) if span != (0, 0)]
assert np.allclose(tokens.values[own].mean(axis=0), embedder.sentences(asked[:1], layer=2).values[0], atol=1e-5)

# %% [markdown]
# *Quanto custa* acha *Quanto custa*. Para as outras duas frases, nenhum dos dois tipos de vetor acha muito. O que eles
# acham, então? Para todas as frases curtas da parte de teste: as três mais próximas são quantos tokens mais longas ou
# mais curtas?

# %%
unseen = [pair.source for pair in corpus.test.handwritten if len(words_of(pair.source)) <= 12]
for layer in (None, 2):
    queries, vectors = (embedder.sentences(texts, layer=layer) for texts in (unseen, known))
    found = [[each.place for each in row] for row in Space(vectors).nearest(queries.values, 3)]
    lengths, wanted = np.array(vectors.counts), np.array(queries.counts)[:, None]
    apart, chance = np.abs(lengths[found] - wanted).mean(), np.abs(lengths - wanted).mean()
    print(f"{layer}: {apart:.1f} tokens mais longas ou mais curtas, ao acaso {chance:.1f}")

# %% [markdown]
# No nosso treino, 3,6 tokens para o saco de palavras e 1,3 para os vetores ocultos, onde o acaso dá 4,9. Os lugares
# estão nos vetores ocultos; a sua média sabe, portanto, o comprimento da frase, e o que tem o mesmo comprimento fica
# perto. O BERT nunca foi treinado para aproximar o que tem o mesmo sentido. Até os grandes precisam de um treino para
# isso antes que os seus vetores de frases sirvam a uma busca (Reimers e Gurevych 2019).
#
# Na linha de comando: `atento neighbours`, `atento analogy`, `atento contexts` e `atento embed`, que também desenha
# mapas.
#
# ## Perguntas
#
# **Duas palavras têm cosseno 0,6. Isso é muito?**
#
# <details><summary>Resposta</summary>
#
# Não dá para dizer sem algo com que comparar. Palavras diferentes têm aqui um cosseno de cerca de 0,1 nos vetores de
# entrada e de cerca de 0,3 na última camada: o mesmo 0,6 vale mais naqueles do que nesta. Compare cossenos só dentro de
# uma camada de um modelo e mostre ao lado o de palavras diferentes.
#
# </details>
#
# **O GPT do caderno 4 também tem vetores contextuais? Há diferença?**
#
# <details><summary>Resposta</summary>
#
# Tem: os estados de cada camada. Mas o vetor de um token só sabe o que está *antes* dele. Em *banco de madeira* e
# *banco do Brasil* o vetor de *banco* seria o mesmo; o do BERT, não.
#
# </details>
#
# **No mapa, dois grupos estão longe um do outro. Posso dizer que o modelo os distingue?**
#
# <details><summary>Resposta</summary>
#
# Pelo mapa, não. Com a PCA, um vazio que se vê existe mesmo, em duas de 96 dimensões, mas a figura não diz o seu
# tamanho ao lado de todas as outras diferenças; e grupos que se sobrepõem podem estar separados nas outras. Com o t-SNE
# e o UMAP, nem o vazio significa algo. Meça: cossenos no espaço original, ou um classificador em palavras que ele não
# viu.
#
# </details>
#
# ## Exercícios
#
# 1. (fácil) Ache os vizinhos de dez palavras suas. Em quantas eles têm a mesma classe de palavra, em quantas o mesmo
#    significado? Isso acompanha o número de vezes que a palavra aparece em `corpus.train`?
# 2. (fácil) Tome `WordSpace.of_vocabulary(embedder, metric="dot")`. Que palavras aparecem agora como vizinhas de tudo,
#    e o que os seus vetores têm em comum?
# 3. (médio) Desenhe o mesmo mapa três vezes por t-SNE (`map_vectors(words.values, "tsne", seed=…)`, depois de
#    `pip install 'atento[embeddings]'`). O que fica? Quantos vizinhos mais próximos ele mantém?
# 4. (médio) Escreva frases com *passado* como em *no ano passado* e como em *o passado*, e com o *foi* de *ir* e o de
#    *ser*, no mesmo lugar. Quais se separam, e em que camada? Agora mude a palavra de lugar: o que mostram as camadas
#    de baixo?
# 5. (difícil) Faça as analogias com médias sobre contextos, `WordSpace.of_texts(embedder, texts, layer=3)`, com textos
#    de no máximo 64 tokens. Os postos melhoram? Compare com três sementes antes de dizer que sim.
# 6. (difícil) Treine um classificador linear (um `torch.nn.Linear`) que distinga, nos vetores de cada camada, o
#    substantivo *jantar* do verbo, com frases do corpus; teste-o em `corpus.test`. Ele é melhor do que olhar a palavra
#    anterior?
