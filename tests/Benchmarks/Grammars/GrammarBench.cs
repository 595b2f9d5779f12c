using System.Diagnostics;
using System.Globalization;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Gguf;
using Tollgate.Inference.Grammars;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Benchmarks.Grammars;

/// <summary>
/// Generates answers by grammars without a model: each token is a random one of those that may follow. The first quarter of the answers
/// warms the caches and is not counted.
/// </summary>
internal sealed class GrammarBench
{
    private readonly TokenVocabulary _vocabulary;
    private readonly int _answers;
    private readonly int _tokens;
    private readonly int _seed;
    private readonly List<int> _choices = [];
    private readonly float[] _logits;
    private readonly object _ready = new();

    public GrammarBench(string model, int answers, int tokens, int seed)
    {
        (_answers, _tokens, _seed) = (answers, tokens, seed);
        using var file = GgufFile.Open(model);
        var tokenizer = new BpeTokenizer(GgufVocabulary.Read(
            file.Metadata, file.Metadata.Get<string[]>("tokenizer.ggml.tokens").Length));
        var began = Stopwatch.GetTimestamp();
        _vocabulary = TokenVocabulary.Of(
            tokenizer, [file.Metadata.Number("tokenizer.ggml.eos_token_id", 0, tokenizer.VocabularySize - 1)],
            new Dictionary<int, byte[]>());
        _logits = new float[_vocabulary.Size];
        Vocabulary = string.Create(
            CultureInfo.InvariantCulture,
            $"vocabulary: {_vocabulary.Size} tokens, built in {Stopwatch.GetElapsedTime(began).TotalMilliseconds:0} ms");
    }

    public static IEnumerable<string> Names => BenchedGrammars.All.Keys;

    /// <summary>What the vocabulary is.</summary>
    public string Vocabulary { get; }

    /// <returns>The figures of one grammar as text.</returns>
    public string Run(string name)
    {
        var began = Stopwatch.GetTimestamp();
        var grammar = BenchedGrammars.Compile(name);
        var compiled = Stopwatch.GetElapsedTime(began);
        var random = new Random(_seed);
        List<double> loop = [];
        List<double> all = [];
        var whole = 0;
        for (var answer = 0; answer < _answers; answer++)
        {
            if (answer == _answers / 4)
            {
                loop.Clear();
                all.Clear();
            }

            whole += Answer(grammar, random, loop, all) ? 1 : 0;
        }

        var slowest = Enumerable.Range(0, 9).Select(_ => SlowestMask(name, random)).Order().ElementAt(4);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"""
             {name}: {grammar.States} states in {grammar.Automata} automata, compiled in {compiled.TotalMilliseconds:0.0} ms
               slowest mask with empty caches {slowest / 1_000:0.00} ms (median of 9), masks {grammar.MasksFor(_vocabulary).Held / 1024} KiB
               {whole} of {_answers} answers whole, {loop.Count} tokens counted
               loop's thread {Figures(loop)}
               in all        {Figures(all)}
             """);
    }

    /// <summary>The slowest token of a first answer, in microseconds: it makes a first mask where most tokens may follow.</summary>
    private double SlowestMask(string name, Random random)
    {
        List<double> all = [];
        Answer(BenchedGrammars.Compile(name), random, [], all);
        return all.Max();
    }

    private bool Answer(CompiledGrammar grammar, Random random, List<double> loop, List<double> all)
    {
        var constraint = new GrammarConstraint(grammar, _vocabulary, _tokens, Wake);
        for (var left = _tokens - 1; left >= 0 && !constraint.IsComplete; left--)
        {
            Array.Clear(_logits);
            var restricted = Stopwatch.GetTimestamp();
            constraint.Restrict(_logits);
            var chosen = Stopwatch.GetElapsedTime(restricted).TotalMicroseconds;
            var token = Choose(random);
            var accepted = Stopwatch.GetTimestamp();
            constraint.Accept(token, left);
            var took = Stopwatch.GetElapsedTime(accepted).TotalMicroseconds;
            lock (_ready)
            {
                while (!constraint.IsReady)
                {
                    Monitor.Wait(_ready);
                }
            }

            loop.Add(chosen + took);
            all.Add(chosen + Stopwatch.GetElapsedTime(accepted).TotalMicroseconds);
        }

        return constraint.IsComplete;
    }

    private void Wake()
    {
        lock (_ready)
        {
            Monitor.PulseAll(_ready);
        }
    }

    private int Choose(Random random)
    {
        _choices.Clear();
        for (var token = 0; token < _logits.Length; token++)
        {
            if (_logits[token] == 0)
            {
                _choices.Add(token);
            }
        }

        return _choices[random.Next(_choices.Count)];
    }

    private static string Figures(List<double> microseconds)
    {
        if (microseconds.Count == 0)
        {
            return "nothing";
        }

        microseconds.Sort();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"mean {microseconds.Average():0.0}, p50 {At(0.5):0.0}, p99 {At(0.99):0.0}, worst {microseconds[^1]:0.0} µs a token");

        double At(double part) => microseconds[(int)(part * (microseconds.Count - 1))];
    }
}
