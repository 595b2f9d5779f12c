using System.Text;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Grammars;
using Tollgate.Inference.Tasks.Chat.Constraints;

namespace Tollgate.Inference.Tests.Tasks.Chat.Constraints;

public sealed class GrammarCacheTests
{
    [Fact]
    public async Task A_grammar_is_compiled_once_however_many_ask_for_it_at_once()
    {
        using var cache = new GrammarCache(MakeVocabulary);
        using var started = new ManualResetEventSlim();
        var compiled = 0;

        var asking = Enumerable.Range(0, 8).Select(_ => Task.Run(() => cache.Get("one", 5, () =>
        {
            started.Wait();
            Interlocked.Increment(ref compiled);
            return Compile("a");
        }))).ToList();
        started.Set();
        var made = await Task.WhenAll(asking);

        Assert.Equal(1, compiled);
        Assert.All(made, make => Assert.False(make(static () => { }).IsComplete));
    }

    [Fact]
    public void What_failed_is_tried_again_and_what_was_not_used_for_long_is_dropped()
    {
        using var cache = new GrammarCache(MakeVocabulary);

        Assert.Throws<AnswerException>(() => cache.Get("bad", 5, () => throw new AnswerException(OpenAiError.ServerError())));
        Assert.Equal(0, cache.Count);
        cache.Get("bad", 5, () => Compile("a"));
        for (var i = 0; i < 200; i++)
        {
            cache.Get($"{i}", 5, () => Compile($"b{i}"));
            cache.Get("bad", 5, () => throw new InvalidOperationException("It was dropped though it was used."));
        }

        Assert.InRange(cache.Count, 2, 64);
    }

    private static TokenVocabulary MakeVocabulary() => new([[], .. Enumerable.Range(1, 255).Select(value => new[] { (byte)value })], [0]);

    private static CompiledGrammar Compile(string text) =>
        CompiledGrammar.Compile(new Grammar([new GrammarNode.Literal(Encoding.UTF8.GetBytes(text))]), new GrammarBudget());
}
