using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Generation;

/// <summary>
/// How prompts are read: a turn reads one chunk of one prompt, or several short prompts whole, filled up to one length. Every second turn
/// goes by the order of shares; in the others a short prompt goes before longer ones. A chunk gives the logits after its last token only.
/// So a prompt whose own log-probabilities are wanted is fed token by token: the first one as a chunk, the others in a decode row, in one
/// step with everybody else's answers.
/// </summary>
internal sealed partial class DecoderScheduler
{
    /// <summary>Most tokens of prompts that are read together, filling included: from here on more are no faster.</summary>
    private const int MostTogether = 512;

    /// <summary>Of so many of these tokens at most one is filling.</summary>
    private const int TokensOfOneFilling = 5;

    /// <summary>How many times the stall target prompts that are read together may take while no answer runs.</summary>
    private const int TogetherTargets = 10;

    /// <summary>How many times the stall target answers wait in all for the prompts that came with them.</summary>
    private const int CompanyTargets = 50;

    /// <summary>Part of the stall target that a turn takes while other prompts wait: a short prompt that comes then has its first token
    /// after it and its own chunk, both within two targets.</summary>
    private const double ChunkPart = 0.75;

    private readonly List<(double Share, Choice Choice)> _readable = [];
    private readonly List<Choice> _together = [];

    /// <summary>The last turn's chunk went to a short prompt before its time.</summary>
    private bool _preferredShort;

    /// <summary>When answers began to wait for the prompts that came with them; null when they do not.</summary>
    private long? _waitsSince;

    /// <summary>Choices whose prompt can be read on: the least served party's first; of one party's the long prompts, which have no other
    /// turns, and of them the one that waited longest for its turn; a batch's only while none of live traffic is to be read. Valid until
    /// the next call.</summary>
    /// <param name="part">Of these choices alone.</param>
    private List<(double Share, Choice Choice)> FindReadable(SlotPart part)
    {
        _readable.Clear();
        if (_slots.Prefilling == 0)
        {
            return _readable;
        }

        var first = int.MaxValue;
        foreach (var choice in _slots.Rows[_slots.Decoding..])
        {
            first = Math.Min(first, choice?.Request.Identity.Party.Rank ?? int.MaxValue);
        }

        lock (_gate)
        {
            foreach (var choice in _slots.Rows[_slots.Decoding..])
            {
                if (choice?.Request.Identity.Party is { } party && party.MayBegin(first) && PartOf(party) <= part)
                {
                    _readable.Add((_line.Shares[party], choice));
                }
            }
        }

        _readable.Sort(CompareReadable);
        return _readable;
    }

    private int CompareReadable((double Share, Choice Choice) one, (double Share, Choice Choice) other)
    {
        var (a, b) = (one.Choice, other.Choice);
        return one.Share != other.Share ? one.Share.CompareTo(other.Share)
            : IsShort(a) != IsShort(b) ? IsShort(a).CompareTo(IsShort(b))
            : a.LastTurn != b.LastTurn ? a.LastTurn.CompareTo(b.LastTurn)
            : a.Request.EnqueuedAt != b.Request.EnqueuedAt ? a.Request.EnqueuedAt.CompareTo(b.Request.EnqueuedAt)
            : a.Index.CompareTo(b.Index);
    }

    private bool IsShort(Choice choice) => choice.Prompt.Tokens.Length <= _pace.Longest;

    /// <summary>Whether the answers that run, none of which has had a second token, wait for prompts that can be read together and came
    /// before the first of these answers began. All of them then go on in the same steps, where each would else pay for steps of its own.
    /// Answers that run longer never wait for prompts, and these wait a bounded time.</summary>
    private bool WaitsForCompany(SlotPart part)
    {
        var begun = long.MaxValue;
        for (var row = 0; row < _slots.Decoding; row++)
        {
            var choice = _slots[row];
            begun = choice.Cached == choice.Prompt.Tokens.Length ? Math.Min(begun, choice.BegunAt) : long.MinValue;
            if (begun == long.MinValue)
            {
                break;
            }
        }

        var waitsSince = _waitsSince ?? Clock.GetTimestamp();
        var waits = begun != long.MinValue
            && FindReadable(part).Exists(next => CanReadWhole(next.Choice) && next.Choice.Request.EnqueuedAt < begun)
            && Clock.GetElapsedTime(waitsSince) < _scope.Options.StallTarget * CompanyTargets;
        _waitsSince = waits ? waitsSince : null;
        return waits;
    }

    /// <summary>Reads prompts on.</summary>
    /// <param name="spent">Time of the turn that running answers have waited already; null while none of them waits for this.</param>
    private void ReadPrompts(SlotPart part, TimeSpan? spent)
    {
        var readable = FindReadable(part);
        if (readable.Count == 0)
        {
            return;
        }

        var next = ChooseNext(readable);
        if (FindCompany(readable, next, spent) is { } length)
        {
            ReadTogether(length);
            return;
        }

        var others = readable.Count > 1;
        var target = _scope.Options.StallTarget * (others ? ChunkPart : 1);
        ReadChunk(next, spent is null && !others ? int.MaxValue : _pace.TokensWithin(target - (spent ?? TimeSpan.Zero)));
    }

    /// <summary>The next by the order of shares; in every second turn at most a short prompt that is read sooner.</summary>
    private Choice ChooseNext(List<(double Share, Choice Choice)> readable)
    {
        var preferred = FindPreferred(readable);
        _preferredShort = preferred is not null;
        return preferred ?? readable[0].Choice;
    }

    /// <summary>A short prompt that goes before the one whose turn it is; null where there is none, and after a turn with one.</summary>
    private Choice? FindPreferred(List<(double Share, Choice Choice)> readable)
    {
        var (fair, shortest) = (readable[0].Choice, readable[0].Choice);
        foreach (var (_, choice) in readable)
        {
            shortest = choice.Unread < shortest.Unread ? choice : shortest;
        }

        return !_preferredShort && shortest != fair && shortest.Unread <= _pace.Longest ? shortest : null;
    }

    /// <summary>Whether the next prompt is a short one. It goes before the step of the answers that run, which wait for both in either
    /// order.</summary>
    private bool IsShortNext(SlotPart part) => FindReadable(part) is { Count: > 0 } readable
        && (FindPreferred(readable) ?? readable[0].Choice).Unread <= _pace.Longest;

    /// <summary>Whether a prompt can be read whole beside others.</summary>
    private bool CanReadWhole(Choice choice) => _scope.ReadsTogether && _engine.ReadsTogether && choice.Cached == 0
        && choice.Prompt.Scores is null && !choice.Request.Cancelled && choice.Unread >= 2 && choice.Unread <= _pace.Longest;

    /// <summary>Collects prompts that are read in one step with the next one.</summary>
    /// <returns>The length that they are filled up to; null where the next one is read alone.</returns>
    private int? FindCompany(List<(double Share, Choice Choice)> readable, Choice next, TimeSpan? spent)
    {
        if (!CanReadWhole(next))
        {
            return null;
        }

        var target = _scope.Options.StallTarget;
        var most = spent is { } waited ? _pace.TokensWithin(target - waited)
            : Math.Min(MostTogether, _pace.TokensWithin(target * TogetherTargets));
        var (longest, sum, found) = (next.Unread, next.Unread, (int?)null);
        _together.Clear();
        _together.Add(next);
        foreach (var (_, choice) in readable)
        {
            if (choice == next || !CanReadWhole(choice)
                || _pace.LengthFor(Math.Max(longest, choice.Unread)) is not { } length || length > _engine.Length)
            {
                continue;
            }

            var all = length * (_together.Count + 1);
            if (all <= most && (all - sum - choice.Unread) * TokensOfOneFilling <= all)
            {
                (longest, sum, found) = (Math.Max(longest, choice.Unread), sum + choice.Unread, length);
                _together.Add(choice);
            }
        }

        return found;
    }

    private void ReadTogether(int length)
    {
        _slots.Gather(_together);
        var started = Clock.GetTimestamp();
        try
        {
            _engine.ReadFirst(
                _together[0].Row, _together.ConvertAll(choice => (ReadOnlyMemory<int>)choice.Prompt.Tokens), length);
        }
        catch (Microsoft.ML.OnnxRuntime.OnnxRuntimeException exception)
        {
            Log.StepFailed(_scope.Logger, exception, _scope.Model, _together.Count);
            _together.ToList().ForEach(choice => ReadChunk(choice, most: int.MaxValue));
            return;
        }

        _pace.Measured(length * _together.Count, Clock.GetElapsedTime(started));
        _together.ForEach(choice => NoteChunk(choice, choice.Unread));
        BeginAnswers();
    }

    private void ReadChunk(Choice choice, int most)
    {
        ReusePrefix(choice); // A prompt that began alike may have been read since.
        var prompt = choice.Prompt;
        var length = prompt.Scores is null ? _pace.NextChunk(choice.Unread, most) : 1;
        if (choice.Request.Cancelled)
        {
            choice.LastTurn = _turn;
            return; // The next turn lets it go.
        }

        var started = Clock.GetTimestamp();
        try
        {
            _engine.Extend(choice.Row, prompt.Tokens.AsSpan(choice.Cached, length), choice.Cached);
        }
        catch (Microsoft.ML.OnnxRuntime.OnnxRuntimeException exception)
        {
            Log.RowFailed(_scope.Logger, exception, _scope.Model, choice.Request.Identity.Id);
            Fail(choice.Request, OpenAiError.ServerError());
            return;
        }

        _pace.Measured(length, Clock.GetElapsedTime(started));
        NoteChunk(choice, length);
        if (choice.Unread == 0)
        {
            _together.Clear();
            _together.Add(choice);
            BeginAnswers();
        }
        else if (prompt.Scores is not null)
        {
            BeginScoring(choice);
        }
    }

    private void NoteChunk(Choice choice, int length)
    {
        choice.LastTurn = _turn;
        choice.Cached += length;
        KeepPrefix(choice);
        if (!choice.Prompt.Computed)
        {
            choice.Request.CountPrompt(length); // By the chunk: a request that leaves in the middle pays for what was computed.
        }
    }

    /// <summary>The prompts of <see cref="_together"/> are read; the engine has their logits in this order.</summary>
    private void BeginAnswers()
    {
        for (var i = 0; i < _together.Count; i++)
        {
            Promote(_together[i]);
            NoteRead(_together[i], _engine.Logits(i));
        }

        SampleAhead(_together, places: null);
        for (var i = 0; i < _together.Count; i++)
        {
            Advance(_together[i], _engine.Logits(i));
        }

        _together.ForEach(LeaveIfEnded);
    }

    private void Promote(Choice choice)
    {
        choice.Part = PartOf(choice.Request.Identity.Party);
        choice.BegunAt = Clock.GetTimestamp();
        _slots.Promote(choice);
    }

    /// <summary>A prompt was read to its end, by a choice that generates now.</summary>
    private void NoteRead(Choice choice, ReadOnlySpan<float> logits)
    {
        var prompt = choice.Prompt;
        lock (_gate)
        {
            prompt.Computing = false;
            if (choice.Request.Waiting.Any(other => other.Prompt == prompt))
            {
                prompt.Logits ??= logits.ToArray();
            }
        }

        prompt.Computed = true;
        prompt.Living.Add(choice);
    }

    /// <summary>The first token of a scored prompt was read.</summary>
    private void BeginScoring(Choice choice)
    {
        choice.Scoring = true;
        Score(choice, _engine.Logits(0));
        Promote(choice);
    }

    /// <summary>Notes the next token of the prompt, which is fed then. True when there is none: the prompt is read.</summary>
    private bool ScoreNext(Choice choice, Span<float> logits)
    {
        if (!choice.Prompt.Computed)
        {
            choice.Request.CountPrompt(1);
        }

        if (choice.Cached < choice.Prompt.Tokens.Length)
        {
            Score(choice, logits);
            return false;
        }

        choice.Scoring = false;
        NoteRead(choice, logits);
        return true;
    }

    private void Score(Choice choice, Span<float> logits)
    {
        logits = WithinVocabulary(logits);
        choice.Prompt.Scores!.Note(choice.Cached, logits, _scratches[0].Span[..logits.Length]);
        choice.LastToken = choice.Prompt.Tokens[choice.Cached];
    }
}
