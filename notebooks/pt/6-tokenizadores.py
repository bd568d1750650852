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
# # 6 · Tokenizadores
#
# Uma rede calcula com números; por isso, um texto precisa primeiro virar uma sequência deles. O caminho óbvio, um
# número para cada palavra, falha na primeira palavra que o treino não mostrou: *inimagináveis* é formada segundo
# regras, todo falante a entende, e nenhuma lista a contém.
#
# Neste caderno você vai
#
# 1. medir quantas vezes uma lista de palavras falha;
# 2. aprender a codificação por pares de bytes (BPE) passo a passo e conferir cada fusão com a biblioteca;
# 3. cortar **amigos inimagináveis** com seis tipos de tokenizador, três deles à mão;
# 4. ver o que se ganha com um vocabulário maior.
#
# Não é preciso internet, nem se treina rede neural alguma: um minuto basta.

# %%
# %matplotlib inline
import json
import math
import os
import re
from collections import Counter
from itertools import pairwise

from atento.data.builtin.corpus import builtin_corpus
from atento.figures.charts import Interval
from atento.figures.lines import Scales, Series, lines
from atento.text.configuration import TokenizerConfig
from atento.text.opened.opening import open_trained
from atento.text.traces.lanes import Lanes
from atento.text.traces.summary import summarize
from atento.text.traces.trace import trace
from atento.text.training import train_tokenizer

BUDGET = float(os.environ.get("ATENTO_NOTEBOOK_BUDGET", "1"))  # abaixo de 1: menos vocabulários, para uma olhada rápida

corpus = builtin_corpus(composed=0)
SIZE = 2000 if BUDGET >= 1 else 500  # entradas de um vocabulário
texts = [pair.source for pair in corpus.train.handwritten][: 4000 if BUDGET >= 1 else 400]  # português
unseen = [pair.source for pair in corpus.test.handwritten]
WORDS = "amigos inimagináveis"
print(len(texts), "frases para aprender,", len(unseen), "para medir")

# %% [markdown]
# ## Notação
#
# | | curso | artigos | no código abaixo |
# |---|---|---|---|
# | palavra desconhecida | UNK | UNK, `<unk>` | `<unk>`, `tokenizer.unk` |
# | o que é numerado | token | símbolo (Sennrich), *word piece*, *sentence piece* | `piece`, o seu `id` |
# | todos os tokens | vocabulário $V$ | $V$ | `tokenizer.size` |
# | início de palavra | um espaço antes | `▁` (SentencePiece), `Ġ` (GPT-2), sem marca (BERT) | `▁` |
# | continuação de palavra | | `@@` (Sennrich), `##` (BERT) | `##` (wordpiece) |
# | uma fusão | $(a, b) \to ab$ | $(a, b) \to ab$ | `(left, right)` |

# %% [markdown]
# ## Uma lista de palavras e o UNK
#
# Tome as 2.000 palavras mais frequentes; todo o resto vira o único token `<unk>`. O modelo então não consegue ler essas
# palavras e, pior, não consegue escrevê-las: um tradutor imprime `<unk>`. De $T$ tokens de um texto, $T_{\mathrm{UNK}}$
# são desconhecidos; a sua proporção é
#
# $$u = \frac{T_{\mathrm{UNK}}}{T}$$

# %%
word = train_tokenizer(texts, TokenizerConfig(kind="word", vocab_size=SIZE))
ids = [number for text in unseen for number in word.encode(text).ids]
summary = summarize(open_trained(word), unseen)
assert (ids.count(word.unk), len(ids)) == (summary.unknown, summary.tokens)
print(f"UNK: {100 * ids.count(word.unk) / len(ids):.1f} %")
print(WORDS, "→", word.decode(word.encode(WORDS).ids))

# %% [markdown]
# O outro extremo é um número para cada caractere. Quase nada é desconhecido, mas uma frase fica cinco vezes mais
# longa, e um Transformer paga pelo comprimento ao quadrado (caderno 3). Entre os dois estão as **subpalavras**:
# palavras frequentes ficam inteiras, as raras são soletradas em pedaços.
#
# ## Codificação por pares de bytes, aprendida
#
# Sennrich, Haddow e Birch (2016): comece com caracteres. Ache o par de vizinhos $(a, b)$ mais frequente no texto de
# treino e faça dele um símbolo novo. Repita até o vocabulário ter o tamanho desejado:
#
# $$(a^*, b^*) = \arg\max_{(a, b)} \mathrm{count}(a, b)$$
#
# Fusões nunca cruzam a fronteira de uma palavra. Basta, pois, contar cada palavra distinta uma vez, com a sua
# frequência. Uma palavra leva consigo o espaço que vem antes.


# %%
def chunks(text):
    """Palavras com o espaço antes; algarismos e sinais à parte."""
    return re.findall(r" ?[^\W\d_]+| ?\d| ?[^\s\w]+", f" {text}")


def merge(symbols, pair):
    """Todo (a, b) → ab."""
    merged, place = [], 0
    while place < len(symbols):
        together = tuple(symbols[place : place + 2]) == pair
        merged.append("".join(pair) if together else symbols[place])
        place += 2 if together else 1
    return merged


def pair_counts(words):
    """count(a, b) sobre todas as palavras, cada uma tantas vezes quanto ocorre."""
    counts = Counter()
    for symbols, frequency in words:
        for pair in pairwise(symbols):
            counts[pair] += frequency
    return counts


frequencies = Counter(chunk for text in texts for chunk in chunks(text))
bpe = train_tokenizer(texts, TokenizerConfig(kind="bpe", vocab_size=SIZE))
merges = [tuple(pair) for pair in json.loads(bpe.to_json())["model"]["merges"]]

words = [(list(chunk), frequency) for chunk, frequency in frequencies.items()]
for left, right in merges[:25]:
    counts = pair_counts(words)
    assert counts[left, right] == max(counts.values())  # a fusão da biblioteca é o argmax
    print(f"{(left + right).replace(' ', '▁')}({counts[left, right]})", end=" ")
    words = [(merge(symbols, (left, right)), frequency) for symbols, frequency in words]
print()

# %% [markdown]
# ### Cortar um texto novo
#
# As mesmas fusões, na mesma ordem, em uma palavra que o treino nunca viu:


# %%
def encode_bpe(text):
    """Todas as fusões na ordem em que foram aprendidas."""
    pieces = []
    for chunk in chunks(text):
        symbols = list(chunk)
        for pair in merges:
            symbols = merge(symbols, pair)
        pieces += symbols
    return tuple(pieces)


assert encode_bpe(WORDS) == bpe.encode(WORDS).pieces
trace(open_trained(bpe), WORDS, steps=True)

# %% [markdown]
# *amigos* é frequente e ficou inteira. A palavra rara está em pedaços, mas nada se perdeu. Os pedaços seguem a
# frequência, não a gramática: um linguista cortaria *in-imagin-á-veis*.
#
# O slide do curso corta as mesmas palavras com o vocabulário do GPT-2 e obtém nove tokens, 321 328 418 287 320 23183
# 6557 303 271: cinquenta mil entradas, mas aprendidas com textos em inglês. Um vocabulário combina com os textos com
# que foi aprendido.
#
# ## WordPiece: o pedaço mais longo que cabe
#
# O tokenizador do BERT não guarda fusões, só um vocabulário. Ele toma do início da palavra a entrada mais longa e
# continua com o que sobra (pedaços dentro de uma palavra são escritos com `##`). Uma palavra que não pode ser terminada
# vira `<unk>` inteira. Com $r$ para o que sobra da palavra e $r'$ para o que sobra depois do pedaço:
#
# $$p^* = \arg\max_{p\, \in V:\ r = p\,r'} |p|$$

# %%
wordpiece = train_tokenizer(texts, TokenizerConfig(kind="wordpiece", vocab_size=SIZE))
entries = {wordpiece.piece(number) for number in range(wordpiece.size)}


def longest_matches(word):
    """De modo guloso, da esquerda para a direita."""
    pieces, rest = [], word
    while rest:
        candidates = [rest[:stop] for stop in range(len(rest), 0, -1)]
        marked = [candidate if not pieces else f"##{candidate}" for candidate in candidates]
        found = next((candidate for candidate in marked if candidate in entries), None)
        if found is None:
            return ["<unk>"]
        pieces.append(found)
        rest = rest[len(found.removeprefix("##")) :]
    return pieces


assert tuple(piece for word in WORDS.split() for piece in longest_matches(word)) == wordpiece.encode(WORDS).pieces
trace(open_trained(wordpiece), WORDS, steps=True)

# %% [markdown]
# ## Unigram: o corte mais provável
#
# Kudo (2018) dá a cada pedaço uma probabilidade. A probabilidade de um corte $x = x_1 \ldots x_m$ de uma palavra é o
# produto das probabilidades dos seus pedaços, e toma-se o melhor de todos os cortes:
#
# $$x^* = \arg\max_x \sum_{i=1}^{m} \log P(x_i)$$
#
# Há $2^{n-1}$ cortes de $n$ letras, mas não é preciso tentar um por um (Viterbi): o melhor corte das primeiras $j$
# letras termina com algum pedaço $[i, j)$, e o que vem antes é o melhor corte das primeiras $i$.
#
# $$\mathrm{best}(j) = \max_{i < j}\ \mathrm{best}(i) + \log P(\mathrm{text}[i:j])$$

# %%
unigram = train_tokenizer(texts, TokenizerConfig(kind="unigram", vocab_size=SIZE))
log_probability = dict(json.loads(unigram.to_json())["model"]["vocab"])


def most_probable(chunk):
    """O melhor corte e a sua log-probabilidade."""
    best = [(0.0, ())]
    for stop in range(1, len(chunk) + 1):
        ends = [
            (best[start][0] + log_probability[chunk[start:stop]], (*best[start][1], chunk[start:stop]))
            for start in range(stop)
            if chunk[start:stop] in log_probability
        ]
        best.append(max(ends, default=(-math.inf, ())))
    return best[-1]


cuts = [most_probable(chunk) for chunk in chunks(WORDS)]
assert tuple(piece for _, pieces in cuts for piece in pieces) == unigram.encode(WORDS).pieces
for value, pieces in cuts:
    print(f"log P = {value:7.2f}", [piece.replace(" ", "▁") for piece in pieces])

# %% [markdown]
# ## Bytes: nada é desconhecido
#
# Um caractere que o treino nunca viu, um emoji, por exemplo, não tem entrada em nenhum desses vocabulários. Mas todo
# texto é, no fim, feito de bytes, e há só 256 deles. O BPE em nível de bytes (GPT-2) funde bytes em vez de caracteres;
# `bpe` e `unigram` recorrem aqui a bytes isolados.
#
# O UTF-8 escreve um caractere de U+0080 a U+07FF em dois bytes $b_1 b_2$, dos quais o primeiro começa com os bits 110 e
# o segundo com 10. O seu número $U$ é então
#
# $$U = 64\,(b_1 - 192) + (b_2 - 128)$$

# %%
first, second = "á".encode()
assert 64 * (first - 192) + (second - 128) == ord("á")
print(f"á = U+{ord('á'):04X} = {first:02X} {second:02X}")

byte_bpe = train_tokenizer(texts, TokenizerConfig(kind="byte-bpe", vocab_size=SIZE))
char = train_tokenizer(texts, TokenizerConfig(kind="char", vocab_size=SIZE))
kinds = {"word": word, "char": char, "bpe": bpe, "byte-bpe": byte_bpe, "wordpiece": wordpiece, "unigram": unigram}
lanes = Lanes(traces=tuple(trace(open_trained(each, name), f"{WORDS} 😀") for name, each in kinds.items()))
for shown, tokenizer in zip(lanes.traces, kinds.values(), strict=True):
    assert shown.exact == (tokenizer.encode(f"{WORDS} 😀").ids.count(tokenizer.unk) == 0)
lanes

# %% [markdown]
# Cada token sabe quais bytes do texto cru representa; assim a sua figura pode ser desenhada e o seu alinhamento achado,
# seja qual for o aspecto dos pedaços. Aqui com os bytes de *inimagináveis*, onde `á` ocupa dois:

# %%
raw = WORDS.encode()
tokens = bpe.encode(WORDS)
for number, piece, (start, stop) in zip(tokens.ids, tokens.pieces, tokens.spans, strict=True):
    print(f"{number:>5} {piece.replace(' ', '▁'):<8} {raw[start:stop].hex(' ')}")
assert b"".join(raw[start:stop] for start, stop in tokens.spans) == raw

# %% [markdown]
# ## O que se ganha com um vocabulário maior?
#
# Um vocabulário maior dá sequências mais curtas, mas também uma matriz de embeddings e um softmax maiores e tokens mais
# raros, mais difíceis de aprender. Medimos em frases que não serviram de treino, em tokens por palavra (a
# *fertilidade*, $T$ tokens para $W$ palavras):
#
# $$f = \frac{T}{W}$$

# %%
sizes = (400, 700, 1200, 2000, 3500) if BUDGET >= 1 else (400, 600)


def fertility(kind, size):
    """Tokens por palavra nas frases não vistas."""
    summary = summarize(open_trained(train_tokenizer(texts, TokenizerConfig(kind=kind, vocab_size=size))), unseen)
    assert summary.tokens_per_word == summary.tokens / summary.words
    return Interval(summary.tokens_per_word)


lines(
    [
        Series(kind, sizes, tuple(fertility(kind, size) for size in sizes))
        for kind in ("bpe", "byte-bpe", "wordpiece", "unigram")
    ],
    Scales(x="entradas do vocabulário", y="tokens por palavra", logarithmic_x=True, ticks_at_data=True),
)

# %% [markdown]
# (`bpe` e `unigram` gastam 256 entradas com bytes isolados; daí a largada tardia.)
#
# ## Perguntas
#
# **O que fazer com palavras desconhecidas?**
#
# <details><summary>Resposta</summary>
#
# Não ter nenhuma: cortar o texto em subpalavras (BPE, WordPiece, Unigram), de modo que uma palavra rara vire vários
# pedaços conhecidos; com bytes no fundo, até um emoji é soletrado. Respostas mais antigas: um só token UNK para todas,
# em cujo lugar se copia a palavra da origem para a qual a atenção aponta (Luong et al. 2015); ou caracteres, que
# alongam as sequências.
#
# </details>
#
# **Dois modelos de linguagem têm perplexidade 20 e 30 por token. O primeiro é melhor?**
#
# <details><summary>Resposta</summary>
#
# Não dá para dizer, se os tokenizadores são diferentes: tokens mais curtos são, cada um, mais fáceis de prever.
# Compare bits por byte, que contam o mesmo texto (`atento evaluate` os mostra).
#
# </details>
#
# ## Exercícios
#
# 1. (fácil) Corte o seu nome, *saudade*, *otorrinolaringologista* e uma frase em espanhol com os seis. Qual é a mais
#    picada, e por quê?
# 2. (fácil) Treine `bpe` com os lados em espanhol (`pair.target`). Quantos tokens tem agora *amigos inimagináveis*?
# 3. (médio) Escreva `decode_bpe`. Quando vale `decode(encode(text)) == text`? Tente dois espaços seguidos, um acento
#    como caractere separado (`"a\u0301"`) e todos os tipos; depois leia `tokenizer.losses`.
# 4. (médio) Lei de Zipf: desenhe a frequência das palavras em função do seu posto (1 é a mais frequente), com os dois
#    eixos logarítmicos. Quantas palavras ocorrem só uma vez? O que isso diz das listas de palavras?
# 5. (difícil) `pair_counts` relê todas as palavras a cada fusão. Atualize só os pares que uma fusão toca e aprenda
#    1.500 fusões. Compare com todas as da biblioteca (cuidado com os empates).
# 6. (difícil) Sorteie cortes em vez de tomar o melhor: com probabilidade proporcional a $\prod_i P(x_i)$ (a
#    regularização por subpalavras de Kudo). Dica: some sobre os cortes onde `most_probable` toma o máximo e depois
#    sorteie a partir do fim.
