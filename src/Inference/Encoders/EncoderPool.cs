using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Encoders;

/// <summary>A row in a run.</summary>
internal readonly record struct RunningRow(EncoderWork Work, int Index)
{
    public EncoderRow Row => Work.Rows[Index];
}

/// <summary>The requests at one encoder, in the order in which they came. Thread-safe.</summary>
internal sealed class EncoderPool(FairTurns turns, BatchLimits limits)
{
    /// <summary>Characters that one turn cuts into ids, unless its first text alone is longer: about half a run's time.</summary>
    private const int CharactersPerTurn = 64 * 1024;

    private readonly Lock _gate = new();
    private readonly LinkedList<EncoderWork> _works = new();

    public void Add(EncoderWork work)
    {
        lock (_gate)
        {
            _works.AddLast(work);
        }
    }

    /// <summary>Whether a turn could do something for the request.</summary>
    public bool NeedsTurn(EncoderWork work)
    {
        lock (_gate)
        {
            return work.NeedsTurn;
        }
    }

    /// <summary>Ends a request that is not wanted any more, once nothing is computed for it.</summary>
    public void Cancel(EncoderWork work)
    {
        lock (_gate)
        {
            work.Cancel();
            TryEnd(work);
        }

        work.Leave();
    }

    /// <summary>The next request whose texts are to be cut into rows in a turn; null when the turn has enough to run.</summary>
    /// <param name="leader">Party of the turn.</param>
    /// <param name="characters">What the turn has cut before.</param>
    public EncoderWork? Claim(Party leader, long characters)
    {
        lock (_gate)
        {
            var (rows, own) = (0, false);
            foreach (var work in Served(leader))
            {
                rows += work.Waiting.Count;
                own |= work.Party == leader && work.Waiting.Count > 0;
                if (work.IsClaimed)
                {
                    continue;
                }

                var isFirst = !own && characters == 0 && work.Party == leader;
                if (isFirst || (rows < limits.Window && limits.Rows > 1 && characters + work.Request.Size <= CharactersPerTurn))
                {
                    work.Claim();
                    return work;
                }
            }

            return null;
        }
    }

    /// <summary>The texts of a claimed request are cut.</summary>
    /// <param name="rows">Null when it may not run.</param>
    public void SetRows(EncoderWork work, IReadOnlyList<EncoderRow>? rows, Exception? failure)
    {
        bool ended;
        lock (_gate)
        {
            work.SetRows(rows, failure);
            ended = TryEnd(work);
        }

        if (ended)
        {
            work.Leave();
        }
    }

    /// <summary>Takes the rows of the next run in a turn: the longest of the leader's oldest request, and rows of like length, also of
    /// other organizations that may ride along. None when nothing waits.</summary>
    public IReadOnlyList<RunningRow> Take(Party leader)
    {
        RunningRow[] taken;
        EncoderWork[] served;
        lock (_gate)
        {
            var window = new List<RunningRow>();
            foreach (var work in Served(leader))
            {
                if (window.Count == 0 && work.Party != leader)
                {
                    return [];
                }

                for (var i = work.Waiting.Count - 1; i >= 0 && window.Count < limits.Window; i--)
                {
                    window.Add(new RunningRow(work, work.Waiting[i]));
                }
            }

            if (window.Count == 0)
            {
                return [];
            }

            var chosen = EncoderBatches.Choose([.. window.Select(row => row.Row.Length)], limits);
            taken = [.. chosen.Select(i => window[i]).Where(row => row.Work.TryStart(row.Index))];
            served = [.. taken.Select(row => row.Work).Distinct().Where(work => !work.NeedsTurn)];
        }

        Array.ForEach(served, work => work.Leave());
        return taken;
    }

    /// <summary>A run is over.</summary>
    /// <param name="failures">For each row what ended its request; null where it is computed.</param>
    public void Finish(IReadOnlyList<RunningRow> batch, IReadOnlyList<Exception?> failures)
    {
        var ended = new List<EncoderWork>();
        lock (_gate)
        {
            for (var i = 0; i < batch.Count; i++)
            {
                batch[i].Work.Finish(failures[i]);
            }

            ended.AddRange(batch.Select(row => row.Work).Distinct().Where(TryEnd));
        }

        ended.ForEach(work => work.Leave());
    }

    /// <summary>The leader's requests, then those of organizations that may ride along. Called with the gate held.</summary>
    private IEnumerable<EncoderWork> Served(Party leader)
    {
        var own = _works.Where(work => work.Party == leader);
        var others = _works.Where(work => work.Party != leader).ToLookup(work => work.Party);
        return [.. own, .. others.Where(group => turns.MayRide(group.Key, leader, limits.PaddedTokens)).SelectMany(group => group)];
    }

    private bool TryEnd(EncoderWork work) => work.TryEnd() && _works.Remove(work);
}
