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
# # 1 · Codificador–decodificador e gargalo
#
# > E a vida o que é, diga lá, meu irmão? → ¿Y la vida, qué es? Dime tú, hermano.
#
# A tradução não tem tantas palavras quanto a origem, nem a mesma ordem. Uma rede que troque cada palavra por outra não
# serve. A ideia de 2014 (Sutskever et al.; Cho et al.): uma rede, o **codificador**, lê a origem inteira e constrói uma
# representação dela; outra, o **decodificador**, escreve a tradução a partir disso, um token de cada vez.
#
# Neste caderno você vai
#
# 1. escrever a probabilidade de uma tradução como um produto e ver que ele precisa de probabilidades condicionais;
# 2. construir à mão o menor codificador–decodificador e chegar aos números do modelo da biblioteca;
# 3. ver como o codificador aprende, embora ninguém lhe diga o que dizer;
# 4. treinar um tradutor em que a origem passa por **um só vetor** e ver esse gargalo falhar em frases longas.
#
# Não é preciso rede. O treino leva de três a quatro minutos em dois núcleos, só na primeira vez.

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
from dataclasses import replace

import msgspec
from torch.nn import functional

from atento.bundle import vocabulary_of
from atento.evaluation.by_length import merged_bounds, quality_by_length
from atento.evaluation.configuration import MetricsConfig
from atento.evaluation.metrics import Scorer
from atento.figures.charts import Interval
from atento.figures.lines import Counts, Scales, Series, lines
from atento.models.build import build_model
from atento.models.recurrent import NoAttention, RecurrentConfig
from atento.nn.capture import capture
from atento.text.configuration import TokenizerConfig
from atento.text.training import train_tokenizer
from atento.text.words import words_of

SENTENCE, TRANSLATION = "E a vida o que é, diga lá, meu irmão?", "¿Y la vida, qué es? Dime tú, hermano."

# %% [markdown]
# ## Notação
#
# | | curso | Sutskever et al. 2014 | Cho et al. 2014 | Bahdanau et al. 2015 | no código abaixo |
# |---|---|---|---|---|---|
# | origem | $X = x_1 \ldots x_n$ | $x_1 \ldots x_T$ | $x_1 \ldots x_T$ | $x_1 \ldots x_{T_x}$ | `source` |
# | estado do codificador | $h^e_k$, depois $s_k$ | $h_t$ | $h_{\langle t \rangle}$ | $h_j$ | `encoder_states` |
# | a origem em um vetor | $c = h^e_n$ | $v$ | $c$ | $c$ | `c` |
# | estado do decodificador | $h^d_t$, depois $h_t$ | $h_t$ | $h_{\langle t \rangle}$ | $s_i$ | `decoder_states` |
# | palavra anterior | $\hat y_{t-1}$ | $y_{t-1}$ | $y_{t-1}$ | $y_{i-1}$ | `inputs` |
# | pontuações de todas as palavras | $z_t = f(h^d_t)$ | | | | `z` |
#
# O $h_t$ do curso é o $s_i$ de Bahdanau, e o $s_k$ do curso é o $h_j$ de Bahdanau: não os confunda.

# %% [markdown]
# ## A probabilidade de uma tradução
#
# Um tradutor dá a cada tradução possível $Y = y_1 \ldots y_m$ de uma origem $X$ uma probabilidade. A regra da cadeia a
# decompõe, sem nenhuma aproximação:
#
# $$P(y_1 \ldots y_m \mid X) = \prod_{t=1}^{m} P(y_t \mid y_{<t}, X)$$
#
# Cada fator é a probabilidade do *próximo token*, dados a origem e os tokens até aqui. É só isso que o decodificador
# precisa calcular, e é por isso que ele pode escrever um token de cada vez. (Os slides do curso mostram
# $p(y_t, y_{<t}, X)$ como fatores. Isso seria a probabilidade de tudo *junto*, uma conjunta; o que se quer dizer é a
# condicional.)
#
# O último token é sempre `</s>`, o fim: assim o modelo também diz que comprimento tem a tradução.
#
# Para calcular alguma coisa, precisamos de tokens. Aqui, palavras inteiras; o caderno 6 tem ideias melhores.

# %%
texts = [side for pair in corpus.train.handwritten for side in (pair.source, pair.target)]
tokenizer = train_tokenizer(texts, TokenizerConfig(kind="word", vocab_size=2000))
vocabulary = vocabulary_of(tokenizer, tokenizer)

source = torch.tensor([[*tokenizer.encode(SENTENCE).ids, vocabulary.eos]])
target = torch.tensor([[*tokenizer.encode(TRANSLATION).ids, vocabulary.eos]])
inputs = torch.tensor([[vocabulary.decoder_start, *target[0, :-1]]])  # ŷ_{t-1}: o destino, uma casa depois
everything = torch.ones_like(source, dtype=torch.bool)  # sem preenchimento
for step in range(4):
    print(
        f"t = {step + 1}: o decodificador lê {tokenizer.label(inputs[0, step]):>6}, deve escrever {tokenizer.label(target[0, step])}"
    )

# %% [markdown]
# ## O menor codificador–decodificador
#
# O codificador é uma rede recorrente: lê um vetor de palavra $E^e x_k$ depois do outro e muda o seu estado.
#
# $$h^e_k = \tanh(W^e E^e x_k + U^e h^e_{k-1} + b^e), \qquad h^e_0 = 0$$
#
# O seu último estado viu tudo. Esse único vetor é tudo o que o decodificador recebe:
#
# $$c = h^e_n \qquad h^d_0 = c$$
#
# O decodificador também é uma rede assim. Ele lê a palavra anterior, muda o seu estado
# $h^d_t = g(\hat y_{t-1}, h^d_{t-1})$ e, a partir desse estado, pontua todas as palavras do vocabulário:
#
# $$h^d_t = \tanh(W^d E^d \hat y_{t-1} + U^d h^d_{t-1} + b^d) \qquad z_t = W_o h^d_t + b_o \qquad y_t = \mathrm{softmax}(z_t)$$
#
# Abaixo está o modelo desse tipo na biblioteca, com pesos aleatórios e 16 unidades, e depois essas equações em PyTorch
# puro, com os mesmos pesos.

# %%
SMALLEST = RecurrentConfig(
    cell="rnn",
    embedding_size=8,
    hidden_size=16,
    bidirectional=False,
    attention=NoAttention(),
    context_in_state=False,
    context_in_output=False,
    bridge="copy",
    output="linear",
    tied_embeddings="none",
    dropout=0.0,
)
model = build_model(SMALLEST, vocabulary, seed=1)
encoder, decoder = model.encoder, model.decoder


def rnn(layer, vectors, state, constant=0.0):
    """h = tanh(W x + U h + b), para um vetor depois do outro."""
    states = []
    for vector in vectors:
        state = torch.tanh(layer.weight_input @ vector + layer.weight_hidden @ state + layer.bias + constant)
        states.append(state)
    return torch.stack(states)


with torch.no_grad():
    encoder_states = rnn(encoder.layers[0].directions[0], encoder.embedding.weight[source[0]], torch.zeros(16))
    c = encoder_states[-1]
    decoder_states = rnn(decoder.layers[0], decoder.embedding.weight[inputs[0]], c)
    z = decoder_states @ decoder.output.weight.T + decoder.output.bias
    y = z.softmax(-1)

with torch.no_grad(), capture(model, kinds=["hidden"]) as trace:
    encoding = encoder(source, everything)
    memory = decoder.prepare(encoding)
    hidden, _ = decoder(inputs, memory, decoder.start(memory))
assert torch.allclose(encoder_states, trace.layers("hidden", "encoder")[0][0], atol=1e-6)
assert torch.allclose(c, encoding.final.hidden[-1, 0, 0], atol=1e-6)
assert torch.allclose(decoder_states, trace.layers("hidden", "decoder")[0][0], atol=1e-6)
assert torch.allclose(z, decoder.logits(hidden)[0], atol=1e-5)
print("c:", tuple(c.shape), " y:", tuple(y.shape))

# %% [markdown]
# ### Um token de cada vez
#
# No treino todos os $\hat y_{t-1}$ são conhecidos; uma só chamada faz todos os passos (*teacher forcing*). No uso, o
# decodificador lê o que ele mesmo escreveu: é **autorregressivo**. O estado que passa de uma chamada à outra é tudo o
# que ele lembra, e os dois modos dão o mesmo.

# %%
state, steps = decoder.start(memory), []
with torch.no_grad():
    for token in inputs[0]:
        step, state = decoder(token.view(1, 1), memory, state)
        steps.append(step)
assert torch.allclose(torch.cat(steps, dim=1), hidden, atol=1e-6)

# %% [markdown]
# ### Por onde o contexto pode entrar
#
# Até aqui $c$ é só onde o decodificador *começa*; ele pode se apagar enquanto o estado muda. Há dois remédios, e a
# biblioteca tem uma chave para cada um:
#
# - `context_in_output`, a segunda forma do curso: toda saída também lê $c$ (e a palavra anterior);
# - `context_in_state` (Cho et al. 2014, seção 2.2): todo estado o lê, $h_t = f(h_{t-1}, y_{t-1}, c)$.
#
# $$h^d_t = \tanh(W^d E^d \hat y_{t-1} + U^d h^d_{t-1} + C c + b^d) \qquad y_t = \mathrm{softmax}(W [\hat y_{t-1};\ h^d_t;\ c])$$
#
# (O curso escreve $y_t = \mathrm{softmax}(W[\hat y_{t-1}; z_t; c])$; o seu $z_t$, função de $h^d_t$, é aqui o próprio
# estado.)

# %%
both = build_model(msgspec.structs.replace(SMALLEST, context_in_state=True, context_in_output=True), vocabulary, seed=1)
with torch.no_grad():
    encoding = both.encoder(source, everything)
    memory = both.decoder.prepare(encoding)
    logits = both.decoder.logits(both.decoder(inputs, memory, both.decoder.start(memory))[0])[0]

c = encoding.final.hidden[-1, 0, 0]
words = both.decoder.embedding.weight[inputs[0]]
states = rnn(both.decoder.layers[0], words, c, constant=both.decoder.weight_context @ c)
z = torch.cat([words, states, c.expand(len(words), -1)], dim=-1)  # [ŷ_{t-1}; h_t; c]
assert torch.allclose(z @ both.decoder.output.weight.T + both.decoder.output.bias, logits, atol=1e-5)

# %% [markdown]
# ## Como o codificador aprende
#
# O treino torna prováveis as traduções certas: ele minimiza
#
# $$L = -\frac{1}{m} \log P(Y \mid X) = -\frac{1}{m} \sum_{t=1}^{m} \log P(y_t \mid y_{<t}, X)$$
#
# Essa perda fica na saída do *decodificador*. O codificador não tem perda própria; ninguém diz o que $c$ deveria ser.
# Mas $L$ é uma função dos pesos do codificador, por meio de $c$ e de cada estado do decodificador. A regra da cadeia do
# cálculo leva então o erro de volta:
#
# $$\frac{\partial L}{\partial W^e} = \sum_{k=1}^{n} \frac{\partial L}{\partial c}\, \frac{\partial c}{\partial h^e_k}\, \frac{\partial h^e_k}{\partial W^e}$$
#
# onde o último fator toma $h^e_{k-1}$ como dado. Três verificações: a perda sai do produto acima; o gradiente do
# codificador diz o que realmente acontece com a perda quando se move um peso um pouquinho; e, se o caminho por $c$ for
# cortado, não há gradiente nenhum.

# %%
model = model.double()  # para as pequenas diferenças abaixo


def loss_of(cut=False):
    """L do nosso par de frases; `cut` não deixa o erro passar por c."""
    encoding = model.encoder(source, everything)
    if cut:
        encoding = replace(encoding, final=replace(encoding.final, hidden=encoding.final.hidden.detach()))
    memory = model.decoder.prepare(encoding)
    hidden, _ = model.decoder(inputs, memory, model.decoder.start(memory))
    return functional.cross_entropy(model.decoder.logits(hidden)[0], target[0])


loss = loss_of()
probabilities = y.double()[torch.arange(target.shape[1]), target[0]]  # P(y_t | y_{<t}, X)
assert torch.allclose(loss, -probabilities.log().mean(), atol=1e-5)

weight = model.encoder.layers[0].directions[0].weight_input  # W^e
[gradient] = torch.autograd.grad(loss, [weight])
with torch.no_grad():
    weight[3, 5] += 1e-4
    above = loss_of()
    weight[3, 5] -= 2e-4
    below = loss_of()
    weight[3, 5] += 1e-4
assert torch.allclose(gradient[3, 5], (above - below) / 2e-4, atol=1e-8)

[nothing] = torch.autograd.grad(loss_of(cut=True), [weight], allow_unused=True)
assert nothing is None
print(f"L = {loss.item():.3f} e ‖∂L/∂W^e‖ = {gradient.norm().item():.4f}; com o caminho cortado: {nothing}")

# %% [markdown]
# ## Um tradutor treinado
#
# Dois modelos com as mesmas camadas GRU, os mesmos dados e o mesmo número de passos. Um tem só o vetor $c$; o outro tem
# atenção (caderno 2), que pode olhar de novo para todos os estados do codificador.


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
plain = atento.load(trained("plain", "demo", [*SMALL, "model.attention.kind=none"], steps=2400, minutes=1.7))
attentive = atento.load(
    trained("attention", "demo", [*SMALL, "model.bridge=backward", "model.attention.size=64"], steps=2400, minutes=1.7)
)
for translator in (plain, attentive):
    print(translator.translate(SENTENCE).text)  # o corpus tem padrões parecidos; ambos podem acertar

# %% [markdown]
# ## O gargalo
#
# Por mais longa que seja a origem, $c$ tem o mesmo tamanho: aqui duas vezes 64 números, 64 para cada direção.

# %%
longest = max((pair.source for pair in corpus.test.handwritten), key=len)
for text in ("Olá!", SENTENCE, longest):
    ids = torch.tensor([[*plain.bundle.source_tokenizer.encode(text).ids, plain.bundle.vocabulary.eos]])
    with torch.no_grad():
        final = plain.bundle.model.encoder(ids, torch.ones_like(ids, dtype=torch.bool)).final
    print(f"{ids.shape[1]:>3} tokens → {final.hidden[-1].numel()} números")
for pair in corpus.test.pairs[-4:]:
    print("\n" + pair.source)
    for name, translator in {"c": plain, "α": attentive}.items():
        print(f"  {name} →", translator.translate(pair.source).text)

# %% [markdown]
# O que se perde? Compare as linhas marcadas com c e as marcadas com α. O vetor único guarda o essencial: uma afirmação
# ou uma pergunta, sobre pessoas, com uma segunda oração depois da vírgula. Mas *qual* pessoa fez *o quê* é muitas vezes
# inventado, e quanto mais há para guardar, mais é inventado.
#
# Cho et al. (2014b) e Bahdanau et al. (2015, figura 2) mediram a qualidade por comprimento da origem. Fazemos o mesmo
# com frases que o treino nunca viu, todas compostas por uma mesma gramática, de modo que o comprimento é quase a única
# diferença entre elas. A medida é chrF (de 0 a 100, quanto maior melhor): conta os pedaços de palavras que coincidem
# com a referência.

# %%
pairs = corpus.test.composed if BUDGET >= 1 else corpus.test.handwritten[:8]
sources, references = [pair.source for pair in pairs], [pair.target for pair in pairs]
scorer = Scorer([references], MetricsConfig(metrics=("chrf",), resamples=0))
bounds = merged_bounds(
    [len(words_of(text)) for text in sources], (1, 7, 9, 11, 13, 17, 30), smallest=min(20, len(pairs))
)


def by_length(translator):
    """chrF das frases de cada faixa de comprimentos."""
    translations = [each.text for each in translator.translate(sources, beam_size=1)]
    return quality_by_length(scorer.statistics(translations), sources, bounds=bounds).bins


bins = {"attentive": by_length(attentive), "plain": by_length(plain)}
means = tuple(each.source_words / each.sentences for each in bins["plain"])
curves = {name: tuple(Interval(each.scores["chrf"]) for each in found) for name, found in bins.items()}
lines(
    [Series("com atenção", means, curves["attentive"]), Series("um só vetor", means, curves["plain"])],
    Scales(x="palavras da origem", y="chrF"),
    Counts("frases", means, tuple(each.sentences for each in bins["plain"])),
)

# %% [markdown]
# Olhe para a *distância* entre as linhas, que cresce com o comprimento, mais do que para a sua altura: frases longas
# desta gramática repetem os seus padrões e não são mais difíceis por si. Os nossos modelos são minúsculos e treinaram
# por minutos; o modelo de um só vetor ainda melhoraria. O estudo `bottleneck` desta biblioteca faz isso como se deve,
# com várias sementes e um veredicto: `atento study bottleneck --small`.
#
# ## Perguntas
#
# **Como se aprendem os pesos do codificador?**
#
# <details><summary>Resposta</summary>
#
# A partir da perda no fim do decodificador. Não há outra: o erro de cada palavra prevista volta pelos estados do
# decodificador até $c$ e dali pelos estados do codificador até os seus pesos (retropropagação no tempo), e as duas
# partes são treinadas juntas. No código acima, o gradiente desaparece assim que o caminho por $c$ é cortado.
#
# </details>
#
# **Sutskever et al. leram a origem de trás para a frente e obtiveram resultados melhores. Por que isso pode ajudar, se
# a distância média entre uma palavra e a sua tradução continua a mesma?**
#
# <details><summary>Resposta</summary>
#
# As *primeiras* palavras da origem e do destino ficam próximas; há então muitos caminhos curtos pelos quais o erro
# volta bem. Quando o começo de uma tradução está certo, o resto é mais fácil. Com atenção, toda distância é de um
# passo, e o truque perde a razão de ser.
#
# </details>
#
# ## Exercícios
#
# 1. (fácil) Traduza cinco frases suas, curtas e longas, com os dois modelos. Que tipos de erro cada um comete?
# 2. (fácil) Em `rnn`, tire `layer.weight_hidden @ state`. O que $c$ ainda pode saber da frase? Qual `assert` falha
#    primeiro?
# 3. (médio) Treine `plain` com `model.reverse_source=true` e `model.bidirectional=false`. Ajuda, como em Sutskever et
#    al.?
# 4. (médio) Treine `plain` com `model.context_in_state=false` e `model.context_in_output=false` (e
#    `model.output=linear`, `model.tied_embeddings=none`). Em que comprimentos se vê a diferença?
# 5. (difícil) Desenhe $\lVert \partial L / \partial h^e_k \rVert$ em função de $k$ para a rede com tanh e para uma GRU,
#    ambas sem treino, com uma origem de 40 tokens. O que a curva diz sobre frases longas?
# 6. (difícil) Que tamanho precisam ter `hidden_size` e `encoder_hidden_size` para que o modelo de um só vetor seja tão
#    bom quanto a atenção em frases de 20 palavras? Planeje uma comparação justa (mesmos parâmetros, várias sementes) e
#    depois veja `atento study bottleneck`.
