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
# # 4 · GPT
#
# Tome o decodificador do Transformer (caderno 3) e deixe o codificador de fora. O que resta lê um texto da esquerda
# para a direita e prevê o próximo token: um **modelo de linguagem**. Ele não precisa de traduções nem de rótulos, só de
# texto, e texto há de sobra. Radford et al. (2018) o treinaram primeiro com muito texto (*pré-treino*) e depois com
# poucos dados de uma tarefa (*ajuste fino*). Com mais camadas e mais texto, virou o GPT-2, o GPT-3 e o que veio depois.
#
# Neste caderno você vai
#
# 1. treinar um pequeno GPT com o lado em português do corpus embutido;
# 2. calcular à mão as suas probabilidades do próximo token, camada por camada;
# 3. provar que ele não olha para a frente e medir o quanto um texto novo o surpreende;
# 4. deixá-lo escrever: de modo guloso, com mais ou menos temperatura, e depressa.
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

import numpy as np

from atento.data.text_dataset import open_texts
from atento.data.text_files import TextFiles
from atento.decoding.configuration import DecodingConfig
from atento.decoding.filters import apply_temperature
from atento.evaluation.language import evaluate_language
from atento.figures import heatmap
from atento.figures.attention import Attention
from atento.figures.charts import Interval
from atento.figures.dots import Panel, dots
from atento.models.gpt import nothing_to_read
from atento.nn.capture import capture

SENTENCE = "E a vida o que é, diga lá, meu irmão?"

# %% [markdown]
# ## Notação
#
# | | curso | Radford et al. 2018, 2019 | no código abaixo |
# |---|---|---|---|
# | tokens | $y_1 \ldots y_n$ | $u_1 \ldots u_n$ | `ids` |
# | o que já foi lido | $y_{<t}$ | $u_{t-k}, \ldots, u_{t-1}$ | `inputs[:t]` |
# | estado do decodificador | $h_t$ (o $s_i$ de Bahdanau) | $h_l$, da camada $l$ | uma linha de `hidden` |
# | estado do codificador | $s_k$ (o $h_j$ de Bahdanau): aqui não existe | | |
# | vetores de palavras, posições | | $W_e$, $W_p$ | `E`, `P` |
# | pontuações de todos os tokens | $z_t$ | $h_n W_e^\top$ | `logits` |
#
# A origem de cada token é o texto antes dele; por isso a condicional não tem mais $X$: $P(y_t \mid y_{<t})$.


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
SMALL = [  # o que muda na receita `gpt-small`
    "data.documents=line",  # cada frase é um texto por si
    "tokenizer.vocab_size=1500",
    "model.model_size=96",
    "model.feed_forward_size=384",
    "model.num_layers=3",
    "model.max_positions=64",
    "model.dropout=0.1",
    "training.batch_tokens=2048",
    "training.learning_rate=3e-3",
    "training.warmup_steps=100",
    "training.precision=float32",
]
writer = atento.load_writer(trained("gpt", "gpt-small", [RUNS / "corpus" / "train.pt"], SMALL, steps=1200, minutes=2.5))
print(writer.write("A minha avó", max_tokens=30).text)

# %% [markdown]
# ## O próximo token, à mão
#
# A regra da cadeia decompõe um texto como decompôs uma tradução, só que sem origem. (Também aqui o $p(y_t, y_{<t}, X)$
# dos slides quer dizer uma condicional.)
#
# $$P(y_1 \ldots y_n) = \prod_{t=1}^{n} P(y_t \mid y_{<t})$$
#
# A camada do GPT-2 é a do Transformer do caderno 3, sem atenção cruzada e com a máscara. Três coisas mudam: as posições
# têm vetores aprendidos; os vetores das palavras não são multiplicados por $\sqrt d$, já que não há ondas que os
# afoguem; e a rede *feed-forward* tem, no lugar da ReLU, a GELU, que deixa passar um pouco também abaixo de zero:
#
# $$X = E[x] + P[pos] \qquad \mathrm{GELU}(x) \approx \frac{x}{2}\left(1 + \tanh\!\left(\sqrt{2/\pi}\,(x + 0.044715\,x^3)\right)\right)$$
# $$X' = X + \mathrm{MaskedMultiHead}(\mathrm{LayerNorm}(X)) \qquad X'' = X' + \mathrm{GELU}(\mathrm{LayerNorm}(X')\, W_1 + b_1)\, W_2 + b_2$$
#
# Depois da última camada vem uma última normalização, e a mesma matriz $E$ transforma os vetores de volta em pontuações
# de tokens (*tied embeddings*):
#
# $$h_t = \mathrm{LayerNorm}(X''_t) \qquad P(\cdot \mid y_{\le t}) = \mathrm{softmax}(h_t\, E^\top)$$

# %%
tokenizer, vocabulary, decoder = writer.bundle.tokenizer, writer.bundle.vocabulary, writer.bundle.model.decoder
E, P = decoder.embedding.tokens.weight, decoder.embedding.positions.weight
H = decoder.config.num_heads


def normalise(norm, X):
    """LayerNorm, cada linha por si."""
    centred = X - X.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + norm.eps).sqrt() * norm.weight + norm.bias


def masked_multi_head(attention, X):
    """Cada posição olha para si mesma e para o que vem antes."""
    Q, K, V = (X @ attention.input.weight.T + attention.input.bias).view(len(X), 3, H, -1).permute(1, 2, 0, 3)
    future = torch.full((len(X), len(X)), -torch.inf).triu(1)
    weights = (Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1]) + future).softmax(-1)
    return (weights @ V).transpose(0, 1).flatten(1) @ attention.output.weight.T + attention.output.bias


def gelu(x):
    """GELU, por tanh."""
    return x / 2 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def gpt(ids):
    """As pontuações do próximo token depois de cada um de `ids`."""
    X = E[ids] + P[: len(ids)]
    for layer in decoder.layers:
        X = X + masked_multi_head(layer.self_attention, normalise(layer.self_residual.norm, X))
        inner = gelu(
            normalise(layer.feed_forward_residual.norm, X) @ layer.feed_forward.input.weight.T
            + layer.feed_forward.input.bias
        )
        X = X + inner @ layer.feed_forward.output.weight.T + layer.feed_forward.output.bias
    return normalise(decoder.norm, X) @ E.T


def library_gpt(ids):
    """O mesmo, pela biblioteca."""
    memory = decoder.prepare(nothing_to_read(1))
    with torch.inference_mode():
        hidden, _ = decoder(ids.unsqueeze(0), memory, decoder.start(memory))
        return decoder.logits(hidden)[0]


ids = torch.tensor(tokenizer.encode(SENTENCE).ids)
inputs = torch.tensor([vocabulary.decoder_start, *ids])
logits = gpt(inputs)
assert torch.allclose(logits, library_gpt(inputs), atol=1e-3)

# %% [markdown]
# A distribuição depois de algumas palavras, com os tokens mais prováveis primeiro:

# %%
prompt = "A menina"
probabilities = gpt(torch.tensor([vocabulary.decoder_start, *tokenizer.encode(prompt).ids]))[-1].softmax(-1)
values, choices = probabilities.topk(10)

greedy = writer.write(prompt, max_tokens=1, decoding=DecodingConfig(beam_size=1)).continuations[0]
assert math.isclose(greedy.log_probabilities[0], probabilities[greedy.ids[0]].log(), abs_tol=1e-3)
dots(
    [tokenizer.label(int(token)) for token in choices],
    [Panel(f"P( · | {prompt})", tuple(Interval(float(value)) for value in values), text="{:.3f}".format)],
)

# %% [markdown]
# ## Ele não olha para a frente
#
# Mude o último token de um texto, e nada antes dele muda. Sem a máscara, o treino não teria sentido: o modelo copiaria
# a resposta.

# %%
changed = inputs.clone()
changed[-1] = vocabulary.unk
assert torch.allclose(library_gpt(inputs)[:-1], library_gpt(changed)[:-1], atol=1e-4)
assert not torch.allclose(library_gpt(inputs)[-1], library_gpt(changed)[-1], atol=1e-4)

memory = decoder.prepare(nothing_to_read(1))
with torch.inference_mode(), capture(decoder, kinds=["weights"]) as trace:
    decoder(inputs.unsqueeze(0), memory, decoder.start(memory))
weights = np.stack([layer[0].numpy() for layer in trace.layers("weights", "decoder")])  # [camadas, cabeças, n, n]
tokens = tokenizer.encode(SENTENCE)
record = Attention(
    source=(),
    target=tuple(tokenizer.label(int(token)) for token in inputs),
    source_text="",
    target_text=SENTENCE,
    source_spans=(),
    target_spans=(None, *tokens.spans),
    weights={"decoder": weights},
    rows="input",
)
heatmap.grid(record, role="decoder")

# %% [markdown]
# ## Treino, e o quanto o modelo se surpreende
#
# Graças à máscara, uma passagem por um texto treina *todas* as posições de uma vez: cada uma prevê o seu próximo token.
# A perda é a surpresa média em nats, e a **perplexidade** é a sua exponencial. Uma perplexidade de 20 quer dizer: tão
# em dúvida quanto se houvesse em cada lugar 20 tokens igualmente prováveis.
#
# $$L = -\frac{1}{n} \sum_{t=1}^{n} \log P(y_t \mid y_{<t}) \qquad PP = e^{L} \qquad b = \frac{n\,L}{B \ln 2}$$
#
# A perplexidade depende de como o texto é cortado em tokens; os bits por byte, $b$, em que $B$ é o número de bytes do
# texto, não dependem (caderno 6). Em frases que o modelo nunca viu, à mão e pela biblioteca:

# %%
unseen = [pair.source for pair in corpus.test.handwritten[:40]]
(RUNS / "unseen.pt").write_text("".join(f"{text}\n" for text in unseen), encoding="utf-8")

nats, count = 0.0, 0
for text in unseen:
    ids = torch.tensor(tokenizer.encode(text).ids)
    labels = torch.tensor([*ids, vocabulary.eos])  # o fim também é previsto
    log_probabilities = gpt(torch.tensor([vocabulary.decoder_start, *ids])).log_softmax(-1)
    nats -= log_probabilities[torch.arange(len(labels)), labels].sum().item()
    count += len(labels)

dataset = open_texts([TextFiles(text=str(RUNS / "unseen.pt"))], "line", tokenizer)
report = evaluate_language(writer.bundle, dataset, words=1)
assert count == report.tokens
assert math.isclose(nats, report.nats, rel_tol=1e-3)
size = sum(len(text.encode()) for text in unseen)  # B
bits_per_byte = nats / (size * math.log(2))  # nats = n L
assert math.isclose(bits_per_byte, report.bits_per_byte, rel_tol=1e-3)
print(f"L = {nats / count:.3f} nats, PP = {math.exp(nats / count):.1f}, b = {bits_per_byte:.3f}")
print("um modelo que não sabe nada: PP =", vocabulary.target_size)

# %% [markdown]
# ## Escrever
#
# A busca gulosa toma sempre o token mais provável. É segura e sem graça. A **amostragem** sorteia da distribuição;
# antes, a *temperatura* $T$ a torna mais aguda ou mais plana:
#
# $$P_T(y) = \frac{\exp(z_y / T)}{\sum_{y'} \exp(z_{y'} / T)}$$
#
# $T \to 0$ é a busca gulosa, $T = 1$ é a própria distribuição do modelo, $T \to \infty$ sorteia às cegas. `top_p = 0.9`
# corta a cauda improvável: fica com o menor número de tokens que têm juntos 90 % da probabilidade.

# %%
z = gpt(torch.tensor([vocabulary.decoder_start, *tokenizer.encode(prompt).ids]))[-1:]
for temperature in (0.3, 1.0, 2.0):
    by_hand = (z / temperature).exp() / (z / temperature).exp().sum()
    assert torch.allclose(by_hand, apply_temperature(z, temperature).softmax(-1), atol=1e-5)
    written = writer.write(prompt, max_tokens=25, sampling=True, temperature=temperature, top_p=1.0, samples=2, seed=1)
    print(f"T = {temperature}: {by_hand.max():.2f} no máximo")
    for continuation in written.continuations:
        print("   ", prompt + continuation.text)

# %% [markdown]
# ### O cache
#
# Para escrever o token $n + 1$, o modelo precisa das chaves e dos valores de todos os tokens anteriores. Eles nunca
# mudam (a máscara!); por isso são calculados uma vez e guardados. Sem esse cache, $n$ tokens custariam
# $1 + 2 + \ldots + n$ posições em vez de $n$:
#
# $$\sum_{t=1}^{n} t = \frac{n(n+1)}{2}$$
#
# O estado do decodificador *é* o cache. Um token de cada vez dá o mesmo que todos de uma vez, e o mesmo dá reler o
# texto todo para cada token. Contamos aqui quantas posições custa cada um dos dois modos:

# %%
state, steps, cached = decoder.start(memory), [], 0
with torch.inference_mode():
    for token in inputs:
        hidden, state = decoder(token.view(1, 1), memory, state)
        steps.append(decoder.logits(hidden)[0, 0])
        cached += hidden.shape[1]
assert torch.allclose(torch.stack(steps), logits, atol=1e-3)

n, anew = len(inputs), 0
for t in range(1, n + 1):
    rows = library_gpt(inputs[:t])  # sem o cache: o texto todo, pela sua última linha
    assert torch.allclose(rows[-1], steps[t - 1], atol=1e-3)
    anew += len(rows)
assert (cached, anew) == (n, n * (n + 1) // 2)
print(f"{n} tokens: {cached} posições com o cache, {anew} sem ele")

# %% [markdown]
# ## Do pré-treino a uma tarefa
#
# Um modelo que prevê a próxima palavra precisa saber muito: concordância, ordem das palavras, o que fazem as meninas e
# o que fazem os trens. A ideia do GPT-1 é usar isso: pôr uma camada linear sobre o vetor do último token e continuar o
# treino com poucos exemplos rotulados. O caderno 5 faz isso com o BERT; para este modelo é
#
# ```
# atento train classify --train labelled.tsv --from runs/gpt-1200 -o runs/gpt-classes
# ```
#
# ## Perguntas
#
# **O GPT não tem codificador. Como ele poderia traduzir?**
#
# <details><summary>Resposta</summary>
#
# Ponha origem e tradução em um só texto, `origem = tradução`, e treine com esses textos; depois deixe-o continuar a
# partir de `origem =`. A autoatenção mascarada sobre os tokens da origem faz o trabalho da atenção cruzada (Liu et al.
# 2018; o GPT-2 e o GPT-3 fazem isso sem mais treino, a partir de alguns exemplos).
#
# </details>
#
# **O treino calcula todas as posições de uma vez. Por que a escrita não pode?**
#
# <details><summary>Resposta</summary>
#
# No treino o texto é conhecido. Na escrita, a entrada da posição $t + 1$ é a saída da posição $t$: cada token precisa
# existir antes que o próximo possa ser calculado. É por isso que a geração é lenta, seja qual for a máquina.
#
# </details>
#
# ## Exercícios
#
# 1. (fácil) Deixe o modelo continuar depois de *Onde fica*, de *Meu irmão* e de uma palavra que ele não conhece. Quais
#    erros são de gramática, quais são de sentido?
# 2. (fácil) Compare `top_p=0.5` e `top_p=0.95` com `temperature=1.5`. O que cada um corta?
# 3. (médio) Calcule $P$ da frase como ela é e com as palavras embaralhadas. Quantos nats vale a ordem?
# 4. (médio) Em `masked_multi_head`, tire `future`. Qual `assert` falha, e o que o treino ensinaria a um modelo assim?
# 5. (difícil) Treine com `model.position=rotary`, `model.norm=rms`, `model.activation=swiglu`, `model.bias=false` (as
#    escolhas do LLaMA), pelo mesmo tempo, e compare os bits por byte com três sementes cada.
# 6. (difícil) Meça os milissegundos por token com o cache e com `library_gpt` sobre o texto inteiro a cada passo, em
#    textos de 8 a 60 tokens. A partir de que comprimento o cache começa a valer a pena?
