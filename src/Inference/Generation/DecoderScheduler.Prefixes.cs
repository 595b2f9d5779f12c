using System.ComponentModel;
using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Generation;

/// <summary>
/// Beginnings of prompts that an earlier prompt of the organization had too are copied instead of computed. They are those that chunks
/// gave, so that an answer has the bits of one whose prompt was read from its beginning. Scored prompts, which are fed in decode rows,
/// take no part, and neither do requests without an organization.
/// </summary>
internal sealed partial class DecoderScheduler
{
    /// <summary>Tokens of a block where prompts may be cut at any place.</summary>
    private const int PrefixBlock = 32;

    private long _expiredAt;

    /// <summary>Where all chunks have one length, they are the blocks: cut elsewhere, a prompt has other bits.</summary>
    private int PrefixBlockTokens => _scope.ChunkLengths is [var only] ? only : PrefixBlock;

    /// <summary>Tokens of a prompt that are computed in any case: those of its last chunk, whose logits begin the answer. One token alone
    /// would have other bits.</summary>
    private int LeastComputed => _scope.ChunkLengths.Count == 1 ? 1 : 2;

    private long PrefixTokens => (_scope.Options.PrefixCacheMb * (1L << 20)) / _engine.BytesPerToken;

    private PrefixCache? CreatePrefixes() =>
        PrefixTokens < PrefixBlockTokens ? null : new PrefixCache(PrefixBlockTokens, Clock, NotePrefix);

    private void NotePrefix(PrefixChange change)
    {
        var bytes = PrefixBlockTokens * _engine.BytesPerToken;
        if (change == PrefixChange.Kept)
        {
            _scope.Metrics.PrefixKept(_scope.Model, bytes);
        }
        else
        {
            _scope.Metrics.PrefixDropped(_scope.Model, change == PrefixChange.Evicted ? "evicted" : "expired", bytes);
        }
    }

    /// <summary>Copies what the cache has of a choice's prompt beyond what is read into its row.</summary>
    private void ReusePrefix(Choice choice)
    {
        var (prompt, party) = (choice.Prompt, choice.Request.Identity.Party);
        if (!TakesPartInPrefixes(choice) || prompt.Tokens.Length - choice.Cached - LeastComputed < _prefixes!.BlockTokens)
        {
            return;
        }

        var blocks = _prefixes.Find(party.Organization, prompt.Tokens.AsSpan(0, prompt.Tokens.Length - LeastComputed));
        var reused = (blocks.Count * _prefixes.BlockTokens) - choice.Cached;
        if (reused <= 0 || (!prompt.Computed && !choice.Request.TryCountCached(reused)))
        {
            return;
        }

        for (var i = choice.Cached / _prefixes.BlockTokens; i < blocks.Count; i++)
        {
            _engine.Restore(blocks[i], choice.Row, i * _prefixes.BlockTokens);
        }

        choice.Cached += reused;
        _scope.Metrics.PrefixReused(_scope.Model, reused);
        lock (_gate)
        {
            _line.Shares.Charge(party, -reused * FairShare.PromptWeight);
        }
    }

    /// <summary>Keeps what was read of a choice's prompt, as far as there is room beside the rows.</summary>
    private void KeepPrefix(Choice choice)
    {
        if (!TakesPartInPrefixes(choice))
        {
            return;
        }

        try
        {
            _prefixes!.Keep(
                choice.Request.Identity.Organization, choice.Prompt.Tokens.AsSpan(0, choice.Cached),
                Math.Min(PrefixTokens, _memoryTokens - _reserved), first => _engine.Save(choice.Row, first, _prefixes.BlockTokens));
        }
        catch (Win32Exception exception)
        {
            Log.PrefixNotKept(_scope.Logger, exception, _scope.Model); // The system gives no memory; the answer needs none of this.
        }
    }

    private bool TakesPartInPrefixes(Choice choice) =>
        _prefixes is not null && choice.Prompt.Scores is null && choice.Request.Identity.Organization != Guid.Empty;

    /// <summary>What rows reserve and the cache holds is never more than the memory.</summary>
    private void MakeRoomForRows()
    {
        _prefixes?.Shrink(_memoryTokens - _reserved);
        if (Clock.GetElapsedTime(_expiredAt) > PrefixCache.KeptFor / 10)
        {
            ExpirePrefixes();
        }
    }

    /// <summary>Waits for work; meanwhile what no prompt began with for long is dropped.</summary>
    private void WaitIdle()
    {
        while (!_wake.WaitOne(ExpirePrefixes() ?? Timeout.InfiniteTimeSpan))
        {
        }
    }

    /// <summary>Drops what was not used for long; returns when the next is due, or null.</summary>
    private TimeSpan? ExpirePrefixes()
    {
        _expiredAt = Clock.GetTimestamp();
        return _prefixes?.Expire();
    }
}
