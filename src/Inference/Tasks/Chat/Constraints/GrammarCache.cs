using System.Security.Cryptography;
using System.Text;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Grammars;

namespace Tollgate.Inference.Tasks.Chat.Constraints;

/// <summary>
/// The grammars that one model's answers were held to lately, the least recently used ones dropped first. A grammar is compiled once
/// however many requests wait for it, and few are compiled at a time. Thread-safe.
/// </summary>
/// <param name="makeVocabulary">Is called once, at the first use.</param>
internal sealed class GrammarCache(Func<TokenVocabulary> makeVocabulary) : IDisposable
{
    private const int MostGrammars = 64;
    private const long MostBytes = 128L << 20;
    private const int BytesPerState = 128;

    /// <summary>Longest wait for the grammars of other requests.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly Lazy<TokenVocabulary> _vocabulary = new(makeVocabulary);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> _known = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> _byUse = new();
    private readonly SemaphoreSlim _compilers = new(Math.Max(1, Environment.ProcessorCount / 2));

    /// <summary>Grammars that are held.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _known.Count;
            }
        }
    }

    /// <summary>The tokens that masks are made of. Takes a while at the first use.</summary>
    public TokenVocabulary Vocabulary => _vocabulary.Value;

    /// <summary>Makes constraints of a grammar, which is compiled first where it is not known. The caller's thread does the work.</summary>
    /// <param name="left">Tokens that may be generated.</param>
    /// <inheritdoc cref="Find" path="/param|/exception"/>
    public Func<Action, ITokenConstraint> Get(string key, int left, Func<CompiledGrammar> compile)
    {
        var (grammar, vocabulary) = (Find(key, compile), Vocabulary);
        return wake => new GrammarConstraint(grammar, vocabulary, left, wake);
    }

    /// <summary>A grammar, which is compiled first where it is not known. The caller's thread does the work.</summary>
    /// <param name="key">The same for the same grammar.</param>
    /// <exception cref="AnswerException">It cannot be compiled, or too many others are.</exception>
    public CompiledGrammar Find(string key, Func<CompiledGrammar> compile)
    {
        var entry = EntryOf(Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key))), compile);
        CompiledGrammar grammar;
        try
        {
            grammar = entry.Grammar.Value;
        }
        catch
        {
            Drop(entry); // Another try may have more time.
            throw;
        }

        DropOld(entry);
        return grammar;
    }

    public void Dispose() => _compilers.Dispose();

    private Entry EntryOf(string key, Func<CompiledGrammar> compile)
    {
        lock (_gate)
        {
            if (_known.TryGetValue(key, out var known))
            {
                _byUse.Remove(known);
                _byUse.AddFirst(known);
                return known.Value;
            }

            var entry = new Entry(key, new Lazy<CompiledGrammar>(() => Compile(compile)));
            _known.Add(key, _byUse.AddFirst(entry));
            return entry;
        }
    }

    private CompiledGrammar Compile(Func<CompiledGrammar> compile)
    {
        if (!_compilers.Wait(LongestWait))
        {
            throw new AnswerException(OpenAiError.Overloaded(RetryAfter));
        }

        try
        {
            return compile();
        }
        finally
        {
            _compilers.Release();
        }
    }

    private void Drop(Entry entry)
    {
        lock (_gate)
        {
            if (_known.TryGetValue(entry.Key, out var node) && node.Value == entry)
            {
                _known.Remove(entry.Key);
                _byUse.Remove(node);
            }
        }
    }

    /// <summary>Drops old grammars while there are too many, or their masks too large.</summary>
    private void DropOld(Entry used)
    {
        lock (_gate)
        {
            var bytes = _byUse.Sum(BytesOf);
            while (_byUse.Last is { } last && last.Value != used && (_byUse.Count > MostGrammars || bytes > MostBytes))
            {
                bytes -= BytesOf(last.Value);
                _known.Remove(last.Value.Key);
                _byUse.RemoveLast();
            }
        }
    }

    private long BytesOf(Entry entry) => entry.Grammar is { IsValueCreated: true, Value: var grammar }
        ? (grammar.States * (long)BytesPerState) + (_vocabulary.IsValueCreated ? grammar.MasksFor(_vocabulary.Value).Held : 0) : 0;

    private sealed record Entry(string Key, Lazy<CompiledGrammar> Grammar);
}
