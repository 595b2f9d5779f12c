namespace Tollgate.Inference.Fairness;

/// <summary>A request that waited was refused, because it took too long or another organization's needed its place.</summary>
internal sealed class DisplacedException() : Exception("The request's place in the queue was given away.");

/// <summary>
/// Turns at a model: the party served least goes next, of one party's requests the one that joined first. A party has one turn at a time,
/// and two have theirs at once, so that no organization waits for the end of another's turn. A request takes as many turns as it needs.
/// Batches go when no live request waits, see <see cref="Party.MayBegin"/>. Thread-safe.
/// </summary>
/// <param name="places">Counts the requests that wait for their first turn.</param>
/// <param name="quiet">Who else has work at this worker.</param>
internal sealed class FairTurns(QueuePlaces places, QuietOrganizations quiet, TimeProvider clock)
{
    private const int AtOnce = 2;

    private readonly QuietOrganizations _quiet = quiet;
    private readonly TimeProvider _clock = clock;
    private readonly Dictionary<Party, Rest> _rests = [];
    private readonly Lock _gate = new();
    private readonly FairShare _shares = new();
    private readonly LinkedList<Place> _joined = new();
    private readonly List<Party> _running = [];
    private bool _looksLater;

    /// <summary>How busy it is now.</summary>
    public ModelLoad Load
    {
        get
        {
            lock (_gate)
            {
                return new ModelLoad(_joined.Count - places.Taken, places.Taken);
            }
        }
    }

    /// <summary>A place in the line, until it is disposed; null when it is full. Another organization's request may have to go for
    /// it.</summary>
    public Place? TryJoin(Party party)
    {
        lock (_gate)
        {
            var place = new Place(this, party);
            if (!places.MayEnter(party) && (_running.Count > 0 || places.Taken > 0))
            {
                if (places.FindDisplaced(party) is not { } holder)
                {
                    return null;
                }

                Displace(_joined.Last(other => other.Party == holder && !other.Started));
            }

            if (_joined.All(other => other.Party != party))
            {
                _shares.Join(party, _joined.Select(other => other.Party));
            }

            places.Enter(party);
            _quiet.Enter(party, 1);
            _joined.AddLast(place);
            return place;
        }
    }

    /// <summary>Whether another organization's work may be done in a turn of <paramref name="leader"/>: it has not been served more by
    /// more than <paramref name="ahead"/> tokens, and gives way to nobody. A batch rides with batches alone, live work with both.</summary>
    public bool MayRide(Party other, Party leader, int ahead)
    {
        lock (_gate)
        {
            return !_quiet.MustGiveWay(other)
                && (other.Rank == leader.Rank ? _shares[other] <= _shares[leader] + ahead : other.Rank < leader.Rank);
        }
    }

    /// <summary>Called with the gate held.</summary>
    private void Displace(Place place)
    {
        if (!place.Started && !place.Displaced)
        {
            place.Displaced = true;
            Leave(place);
            place.Waiting?.TrySetException(new DisplacedException());
            place.Waiting = null;
        }
    }

    /// <summary>Called with the gate held.</summary>
    private void Leave(Place place)
    {
        if (!_joined.Remove(place))
        {
            return;
        }

        _quiet.Leave(place.Party, 1);
        if (!place.Started)
        {
            places.Leave(place.Party);
        }

        if (_joined.All(other => other.Party != place.Party))
        {
            _shares.Served(place.Party);
            _rests.Remove(place.Party);
        }
    }

    /// <summary>Gives turns to who is next by right. Called with the gate held.</summary>
    private void PassOn()
    {
        while (_running.Count < AtOnce && Next() is { } next)
        {
            var waiting = next.Waiting!;
            next.Waiting = null;
            if (!waiting.TrySetResult(new Turn(this, next)))
            {
                continue; // It was cancelled while it waited.
            }

            _running.Add(next.Party);
            Start(next);
        }

        var first = FirstWaiting();
        if (!_looksLater && _running.Count < AtOnce && _joined.Any(place => IsNext(place, first)))
        {
            _looksLater = true; // Who is next rests.
            _ = PassOnLaterAsync();
        }
    }

    /// <summary>Called with the gate held.</summary>
    private void Start(Place place)
    {
        if (!place.Started)
        {
            place.Started = true;
            places.Leave(place.Party);
        }
    }

    private async Task PassOnLaterAsync()
    {
        await Task.Delay(QuietOrganizations.Step, _clock);
        lock (_gate)
        {
            _looksLater = false;
            PassOn();
        }
    }

    private Place? Next()
    {
        var first = FirstWaiting();
        return _joined.Where(place => IsNext(place, first) && !Rests(place.Party)).MinBy(place => _shares[place.Party]);
    }

    private int FirstWaiting() => Party.FirstOf(_joined.Where(place => place.Waiting is not null).Select(place => place.Party));

    /// <summary>Whether a place waits for a turn that it could have now. Batches have one turn at a time, over all organizations: the other
    /// one is there when live traffic comes.</summary>
    private bool IsNext(Place place, int first) => place.Waiting is not null && !_running.Contains(place.Party)
        && place.Party.MayBegin(first) && !(place.Party.IsBatch && _running.Any(running => running.IsBatch));

    /// <summary>Whether an organization that has just had a turn leaves the processors to those with little work.</summary>
    private bool Rests(Party party) =>
        _rests.TryGetValue(party.Resting, out var rest) && _clock.GetElapsedTime(rest.Since) < rest.Length
        && _quiet.MustGiveWay(party);

    /// <summary>How long an organization rests after a turn.</summary>
    private readonly record struct Rest(long Since, TimeSpan Length);

    /// <summary>A request's place in the line.</summary>
    internal sealed class Place(FairTurns turns, Party party) : IDisposable
    {
        public Party Party { get; } = party;

        /// <summary>It has had a turn, or a part of another's. Guarded by the gate, as are the members below.</summary>
        internal bool Started { get; set; }

        internal bool Displaced { get; set; }

        internal TaskCompletionSource<Turn>? Waiting { get; set; }

        /// <summary>Waits for the next turn; it ends when what is returned is disposed. One at a time.</summary>
        /// <exception cref="DisplacedException">The place is gone; nothing had a turn.</exception>
        public async Task<Turn> TakeTurnAsync(CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var waiting = new TaskCompletionSource<Turn>(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (turns._gate)
            {
                if (Displaced)
                {
                    throw new DisplacedException();
                }

                Waiting = waiting;
                turns.PassOn();
            }

            await using var registration = cancellationToken.UnsafeRegister(
                static (state, token) => ((TaskCompletionSource<Turn>)state!).TrySetCanceled(token), waiting);
            return await waiting.Task;
        }

        /// <summary>Notes that another request's turn does work for this one. Returns false when the place was given away.</summary>
        public bool TryStart()
        {
            lock (turns._gate)
            {
                if (!Displaced)
                {
                    turns.Start(this);
                }

                return !Displaced;
            }
        }

        /// <summary>Gives the place away, unless it has had a turn.</summary>
        public void Displace()
        {
            lock (turns._gate)
            {
                turns.Displace(this);
                turns.PassOn(); // A batch may have waited for it alone.
            }
        }

        public void Dispose()
        {
            lock (turns._gate)
            {
                Waiting = null;
                turns.Leave(this);
                turns.PassOn();
            }
        }
    }

    /// <summary>A turn at the model.</summary>
    internal sealed class Turn(FairTurns turns, Place place) : IDisposable
    {
        private readonly long _started = turns._clock.GetTimestamp();

        /// <summary>Charges work of this turn to the turn's organization.</summary>
        public void Charge(int tokens) => Charge(place.Party, tokens);

        /// <summary>Charges work of this turn to the organization that it was done for.</summary>
        public void Charge(Party party, int tokens)
        {
            lock (turns._gate)
            {
                turns._shares.Charge(party, tokens * FairShare.PromptWeight);
            }
        }

        public void Dispose()
        {
            lock (turns._gate)
            {
                turns._running.Remove(place.Party);
                turns._rests[place.Party.Resting] = new Rest(
                    turns._clock.GetTimestamp(), turns._clock.GetElapsedTime(_started) * QuietOrganizations.Share);
                turns.PassOn();
            }
        }
    }
}
