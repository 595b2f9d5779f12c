using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Generation;

/// <summary>
/// Requests that wait for slots: first come, first served within a party, the least served party first, batches only while nothing else
/// waits. Not thread-safe:
/// the scheduler's lock guards it.
/// </summary>
internal sealed class WaitingLine(QueuePlaces places)
{
    private readonly Dictionary<Party, LinkedList<GenerationRequest>> _lines = [];
    private readonly QueuePlaces _places = places;

    public FairShare Shares { get; } = new();

    /// <summary>Requests none of whose choices has had a slot.</summary>
    public int NotStarted => _places.Taken;

    public bool IsEmpty => _lines.Count == 0;

    /// <summary>Whether a choice of live traffic waits.</summary>
    public bool StandardWaits => _lines.Keys.Any(party => !party.IsBatch);

    /// <summary>All requests that have a choice waiting.</summary>
    public IEnumerable<GenerationRequest> Requests => _lines.Values.SelectMany(line => line);

    public void Add(GenerationRequest request)
    {
        var party = request.Identity.Party;
        if (!_lines.TryGetValue(party, out var line))
        {
            Shares.Join(party, _lines.Keys);
            _lines[party] = line = new LinkedList<GenerationRequest>();
        }

        line.AddLast(request);
        _places.Enter(party);
    }

    /// <summary>The request that makes room for another one of <paramref name="party"/>: the last that has not started of the
    /// organization with the most. Null when the newcomer's own has as many.</summary>
    public GenerationRequest? FindDisplaced(Party party)
    {
        var last = _places.FindDisplaced(party) is { } holder ? _lines[holder].Last : null;
        for (var node = last; node is not null; node = node.Previous)
        {
            if (node.Value.Queued is null)
            {
                return node.Value;
            }
        }

        return null;
    }

    /// <summary>Takes the choice that is next by right, if <paramref name="fits"/> finds room for
    /// it; a choice is never overtaken for its size.</summary>
    /// <param name="may">Whether a party may have another slot; one that may not is passed over.</param>
    /// <remarks>A choice whose prompt a sibling reads right now waits for that and is passed over.</remarks>
    public Choice? TryTake(Func<Party, bool> may, Func<Choice, bool> fits)
    {
        var first = Party.FirstOf(_lines.Keys);
        foreach (var party in _lines.Keys.Where(party => party.MayBegin(first) && may(party)).OrderBy(party => Shares[party])
            .ThenBy(party => _lines[party].First!.Value.EnqueuedAt))
        {
            foreach (var request in _lines[party])
            {
                if (request.Waiting.FirstOrDefault(choice => !choice.Prompt.Computing) is { } next)
                {
                    return fits(next) ? Take(next) : null;
                }
            }
        }

        return null;
    }

    /// <summary>Removes what waits of a request. False when nothing of it is in the line.</summary>
    public bool Remove(GenerationRequest request)
    {
        if (request.Waiting.Count == 0 || !request.Enqueued)
        {
            return false;
        }

        request.Waiting.Clear();
        RemoveFromLine(request);
        LeavePlace(request);
        return true;
    }

    private Choice Take(Choice choice)
    {
        var request = choice.Request;
        request.Waiting.Remove(choice);
        LeavePlace(request);
        if (request.Waiting.Count == 0)
        {
            RemoveFromLine(request);
        }

        return choice;
    }

    private void LeavePlace(GenerationRequest request)
    {
        if (request.Queued is null)
        {
            _places.Leave(request.Identity.Party);
        }
    }

    private void RemoveFromLine(GenerationRequest request)
    {
        var party = request.Identity.Party;
        var line = _lines[party];
        line.Remove(request);
        if (line.Count == 0)
        {
            _lines.Remove(party);
            Shares.Served(party);
        }
    }
}
