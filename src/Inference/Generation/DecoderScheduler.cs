using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Generation;

/// <summary>
/// Continuous batching for one decoder, on its own thread. Each turn: drop what was cancelled, admit what waits, one decode step for all
/// choices that generate or for some of them, see <see cref="SlotPart"/>, one step that reads prompts. Choices join and leave at every
/// turn, and none can see who else is there: every answer is bit for bit that of a solo run.
/// </summary>
/// <remarks>
/// Threads: <see cref="TryEnqueue"/>, <see cref="Cancel"/> and the queue's timers run anywhere and touch only what <c>_gate</c> guards:
/// the waiting line, the counts and each request's waiting choices. Rows, samplers and texts belong to the scheduler's thread, which takes
/// the gate only to admit and to let go, never while the model runs.
/// </remarks>
internal sealed partial class DecoderScheduler : IAsyncDisposable
{
    private static readonly TimeSpan IdleBeforeTrim = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly DecoderScope _scope;
    private readonly IDecoderEngine _engine;
    private readonly AlignedFloats[] _scratches;
    private readonly SlotTable _slots;
    private readonly WaitingLine _line;
    private readonly QueuePlaces _places;
    private readonly PrefillPace _pace;
    private readonly TokenRate _rate;
    private readonly Lock _gate = new();
    private readonly AutoResetEvent _wake = new(false);
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int[] _tokens;
    private readonly int[] _past;
    private readonly List<Choice> _stepping = [];
    private readonly List<Choice> _going = [];
    private readonly long _memoryTokens;
    private readonly PrefixCache? _prefixes;
    private long _reserved;
    private long _lastTurnAt;
    private long _turn;
    private TimeSpan _lastStep;
    private TimeSpan _owedToQuiet;
    private TimeSpan _owedToStandard;
    private int _active;
    private bool _stopping;

    public DecoderScheduler(DecoderScope scope)
    {
        _scope = scope;
        var options = scope.Options;
        var slots = options.Slots + options.ReservedSlots;
        _places = new QueuePlaces(scope.Queue.QueueLength, scope.Queue.QueueLengthPerOrganization);
        _line = new WaitingLine(_places);
        _memoryTokens = (options.KeyValueMemoryMb * (1L << 20)) / scope.Size.BytesOfToken(CacheType.Bytes(CacheType.Of(scope.Session)));
        _engine = scope.Open(scope, slots + 1, (int)Math.Min(scope.MaxLength, _memoryTokens));
        _scratches = [.. Enumerable.Range(0, scope.Threads).Select(_ => new AlignedFloats(scope.Size.Vocabulary))];
        _slots = new SlotTable(_engine);
        _pace = new PrefillPace(scope.ChunkLengths);
        _rate = new TokenRate(scope.Clock);
        _tokens = new int[Math.Max(slots, _engine.MostVerified)];
        _past = new int[slots];
        _prefixes = CreatePrefixes();
        _counts = new int[slots];
        _firsts = new int[slots];
        _verification = new VerificationPace(slots);
        _lastTurnAt = Clock.GetTimestamp();
        var thread = new Thread(Run) { IsBackground = true, Name = $"decoder {scope.Model}" };
        thread.Start();
    }

    /// <summary>Most tokens of one choice, prompt and output.</summary>
    public int MaxLength => _engine.Length;

    /// <summary>Tokens generated in the last seconds. Any thread.</summary>
    public double TokensPerSecond => _rate.PerSecond();

    /// <summary>How busy it is now. Any thread.</summary>
    public ModelLoad Load
    {
        get
        {
            lock (_gate)
            {
                return new ModelLoad(_active, _line.NotStarted);
            }
        }
    }

    /// <summary>Age of the last turn while there is work; zero without work. Any thread.</summary>
    public TimeSpan Stalled
    {
        get
        {
            lock (_gate)
            {
                return _active == 0 && _line.IsEmpty ? TimeSpan.Zero : Clock.GetElapsedTime(_lastTurnAt);
            }
        }
    }

    private TimeProvider Clock => _scope.Clock;

    /// <summary>Takes a request, or returns the refusal. Any thread.</summary>
    public OpenAiError? TryEnqueue(GenerationRequest request)
    {
        if (MakeConstraints(request) is { } error)
        {
            return error;
        }

        lock (_gate)
        {
            if (_stopping || request.Cancelled)
            {
                return OpenAiError.Overloaded(RetryAfter);
            }

            if (!MakeRoom(request.Identity.Party))
            {
                _scope.Metrics.Refused(_scope.Model, "queue_full");
                return OpenAiError.Overloaded(RetryAfter);
            }

            if (_active == 0 && _line.IsEmpty)
            {
                _lastTurnAt = Clock.GetTimestamp();
            }

            foreach (var choice in request.Choices)
            {
                choice.Reservation = Math.Min(choice.Prompt.Tokens.Length + request.Plan.MaxOutput, MaxLength);
            }

            request.Enqueued = true;
            request.EnqueuedAt = Clock.GetTimestamp();
            request.Deadline = Clock.CreateTimer(Expire, request, _scope.Queue.QueueTimeout, Timeout.InfiniteTimeSpan);
            _line.Add(request);
            _scope.Quiet.Enter(request.Identity.Party, request.Choices.Count);
        }

        _wake.Set();
        return null;
    }

    /// <summary>Sees to it that a request of the organization may wait; another one may have to go for it. Called with the gate
    /// held.</summary>
    private bool MakeRoom(Party party)
    {
        if (_places.MayEnter(party) || (_line.NotStarted == 0 && _slots.Taken < _slots.Slots))
        {
            return true; // With a free slot it waits for the next turn alone.
        }

        if (_line.FindDisplaced(party) is not { } displaced)
        {
            return false;
        }

        displaced.Failure = OpenAiError.Overloaded(RetryAfter);
        _scope.Metrics.Refused(_scope.Model, "displaced");
        DropWaiting(displaced);
        return true;
    }

    /// <summary>Nobody wants the answer any more: what waits goes at once, what is in slots at
    /// the next turn. Any thread, any number of times.</summary>
    public void Cancel(GenerationRequest request)
    {
        lock (_gate)
        {
            if (request.Cancelled || request.Remaining == 0)
            {
                return;
            }

            request.Cancelled = true;
            DropWaiting(request);
        }

        _wake.Set();
    }

    /// <summary>Cancels everything, ends the thread and frees the memory.</summary>
    public async ValueTask DisposeAsync()
    {
        List<GenerationRequest> waiting;
        lock (_gate)
        {
            _stopping = true;
            waiting = [.. _line.Requests];
        }

        waiting.ForEach(request => Fail(request, OpenAiError.Overloaded(RetryAfter)));
        _wake.Set();
        await _finished.Task;
        _prefixes?.Dispose();
        _engine.Dispose();
        Array.ForEach(_scratches, scratch => scratch.Dispose());
        lock (_gate)
        {
            _wakeGone = true;
        }

        _wake.Dispose();
    }

    private void Run()
    {
        try
        {
            while (true)
            {
                if (TryTurn())
                {
                    continue;
                }

                lock (_gate)
                {
                    if (_stopping)
                    {
                        return;
                    }
                }

                if (!_wake.WaitOne(IdleBeforeTrim))
                {
                    _engine.Trim(firstFree: 0);
                    WaitIdle();
                }
            }
        }
        finally
        {
            _finished.SetResult();
        }
    }

    /// <summary>One turn; a failure that no step could pin on a request ends all of them, and the thread goes on.</summary>
    private bool TryTurn()
    {
        try
        {
            return Turn();
        }
#pragma warning disable CA1031 // A thread that dies stops the model for everyone.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.TurnFailed(_scope.Logger, exception, _scope.Model);
            _slots.All.Select(choice => choice.Request).Distinct().ToList().ForEach(request => Fail(request, OpenAiError.ServerError()));
            DropEnded();
            return true;
        }
    }

    private bool Turn()
    {
        _turn++;
        DropEnded();
        Admit();
        ResumeReady();
        var worked = _slots.Taken > 0;
        if (GivesWay())
        {
            return true;
        }

        if (FindWorkingPart() is not { } part)
        {
            _wake.WaitOne(LongestWait);
            NoteTurnEnd();
            return true;
        }

        var started = Clock.GetTimestamp();
        var goesOn = AnyGoesOn(_slots.End(part));
        var waits = goesOn && WaitsForCompany(part);
        if (goesOn && !waits && IsShortNext(part))
        {
            ReadPrompts(part, _lastStep);
            DecodeStep(_slots.End(part));
        }
        else
        {
            if (goesOn && !waits)
            {
                DecodeStep(_slots.End(part));
            }

            ReadPrompts(part, waits || _slots.Decoding == 0 ? null : Clock.GetElapsedTime(started));
        }

        NoteTurn(part, Clock.GetElapsedTime(started));
        NoteTurnEnd();
        return worked;
    }

    private void NoteTurnEnd()
    {
        lock (_gate)
        {
            _lastTurnAt = Clock.GetTimestamp();
        }
    }

    private void DropEnded()
    {
        bool stopping;
        lock (_gate)
        {
            stopping = _stopping;
        }

        if (!stopping && !_slots.Any(HasEnded))
        {
            return;
        }

        foreach (var choice in _slots.All.ToList())
        {
            if (stopping && choice.Request.Failure is null)
            {
                Fail(choice.Request, OpenAiError.Overloaded(RetryAfter));
            }

            if (HasEnded(choice))
            {
                Leave(choice);
            }
        }
    }

    private static bool HasEnded(Choice choice) => choice.Request.Cancelled || choice.Request.Failure is not null;

    private void Admit()
    {
        while (_slots.Taken < _slots.Slots)
        {
            Choice? choice;
            lock (_gate)
            {
                choice = _line.TryTake(MayHold, next => _reserved + next.Reservation <= _memoryTokens);
                if (choice is null)
                {
                    return;
                }

                _reserved += choice.Reservation;
                Start(choice.Request);
                if (choice.Prompt.Living.Count == 0 || choice.Prompt.Logits is null)
                {
                    var weight = choice.Prompt.Scores is null ? FairShare.PromptWeight : FairShare.OutputWeight;
                    _line.Shares.Charge(choice.Request.Identity.Party, choice.Prompt.Tokens.Length * weight);
                }
            }

            Seat(choice);
            MakeRoomForRows();
        }
    }

    /// <summary>Whether a party may have another slot: the reserved ones are for organizations that hold few, never for batches.</summary>
    private bool MayHold(Party party)
    {
        if (_slots.Taken == _slots.Slots)
        {
            return false;
        }

        var held = Held(party);
        return held < _scope.Options.Slots
            && ((!party.IsBatch && held < _scope.Options.ReservedSlots) || _slots.Taken < _scope.Options.Slots);
    }

    /// <summary>Called with the gate held.</summary>
    private void Start(GenerationRequest request)
    {
        if (request.Queued is not null)
        {
            return;
        }

        request.Queued = Clock.GetElapsedTime(request.EnqueuedAt);
        request.Deadline?.Dispose();
        _active++;
        _scope.Metrics.Admitted(_scope.Model, request.Queued.Value);
    }

    private void Seat(Choice choice)
    {
        var prompt = choice.Prompt;
        if (prompt.Living.Count == 0 || prompt.Logits is null)
        {
            prompt.Computing = true;
            choice.LastTurn = _turn; // Among its party's it waits for those that came before it.
            _slots.Place(choice);
            ReusePrefix(choice);
            return;
        }

        choice.Part = PartOf(choice.Request.Identity.Party, coming: 1);
        _slots.PlaceCopy(choice, prompt.Living[0], prompt.Tokens.Length);
        prompt.Living.Add(choice);
        choice.BegunAt = Clock.GetTimestamp();
        var logits = _engine.Logits(0); // Between steps it is free.
        prompt.Logits.CopyTo(logits);
        Advance(choice, logits);
        LeaveIfEnded(choice);
    }

    /// <param name="rows">The first so many rows take part.</param>
    private void DecodeStep(int rows)
    {
        _stepping.Clear();
        _going.Clear();
        var (fed, generating) = (0, 0);
        for (var row = 0; row < rows; row++)
        {
            var choice = _slots[row];
            fed += Feed(choice, fed, rows);
            _stepping.Add(choice);
            if (choice.Held is null)
            {
                _going.Add(choice);
                generating += choice.Scoring ? 0 : 1;
            }
        }

        var started = Clock.GetTimestamp();
        if (TryCompute(rows, fed))
        {
            SampleAhead(_going, _firsts);
            _going.ForEach(choice => generating += GoOn(choice) - 1);
        }
        else
        {
            _going.ForEach(DecodeAlone);
        }

        var elapsed = Clock.GetElapsedTime(started);
        _lastStep = elapsed;
        _scope.Metrics.Decoded(_scope.Model, _going.Count, elapsed);
        NoteRowTime(elapsed, fed);
        NotePace(rows, fed, elapsed);
        _rate.Add(generating);
        _stepping.ForEach(LeaveIfEnded);
    }

    private bool TryCompute(int rows, int fed)
    {
        try
        {
            Compute(rows, fed);
            return true;
        }
        catch (Microsoft.ML.OnnxRuntime.OnnxRuntimeException exception)
        {
            Log.StepFailed(_scope.Logger, exception, _scope.Model, rows);
            return false;
        }
    }

    /// <summary>After a failed step: each row by itself, so that only the one at fault fails. A
    /// row's step can be run again, it writes the same place.</summary>
    private void DecodeAlone(Choice choice)
    {
        try
        {
            _engine.Extend(choice.Row, [choice.LastToken], choice.Cached);
            choice.Cached++;
            Advance(choice, _engine.Logits(0));
        }
        catch (Microsoft.ML.OnnxRuntime.OnnxRuntimeException exception)
        {
            Log.RowFailed(_scope.Logger, exception, _scope.Model, choice.Request.Identity.Id);
            Fail(choice.Request, OpenAiError.ServerError());
        }
    }
}
