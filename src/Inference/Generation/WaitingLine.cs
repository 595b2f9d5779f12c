using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Generation;

/// <summary>
/// Requests that wait for slots: first come, first served within an organization, the least served organization first. Not thread-safe:
/// the scheduler's lock guards it.
/// </summary>
internal sealed class WaitingLine(QueuePlaces places)
{
    private readonly Dictionary<Guid, LinkedList<GenerationRequest>> _lines = [];
    private readonly QueuePlaces _places = places;

    public FairShare Shares { get; } = new();

    /// <summary>Requests none of whose choices has had a slot.</summary>
    public int NotStarted => _places.Taken;

    public bool IsEmpty => _lines.Count == 0;

    /// <summary>All requests that have a choice waiting.</summary>
    public IEnumerable<GenerationRequest> Requests => _lines.Values.SelectMany(line => line);

    public void Add(GenerationRequest request)
    {
        var organization = request.Identity.Organization;
        if (!_lines.TryGetValue(organization, out var line))
        {
            Shares.Join(organization, _lines.Keys);
            _lines[organization] = line = new LinkedList<GenerationRequest>();
        }

        line.AddLast(request);
        _places.Enter(organization);
    }

    /// <summary>The request that makes room for another one of <paramref name="organization"/>: the last that has not started of the
    /// organization with the most. Null when the newcomer's own has as many.</summary>
    public GenerationRequest? FindDisplaced(Guid organization)
    {
        var last = _places.FindDisplaced(organization) is { } holder ? _lines[holder].Last : null;
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
    /// <param name="may">Whether an organization may have another slot; one that may not is passed over.</param>
    /// <remarks>A choice whose prompt a sibling reads right now waits for that and is passed over.</remarks>
    public Choice? TryTake(Func<Guid, bool> may, Func<Choice, bool> fits)
    {
        foreach (var organization in _lines.Keys.Where(may).OrderBy(organization => Shares[organization])
            .ThenBy(organization => _lines[organization].First!.Value.EnqueuedAt))
        {
            foreach (var request in _lines[organization])
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
            _places.Leave(request.Identity.Organization);
        }
    }

    private void RemoveFromLine(GenerationRequest request)
    {
        var organization = request.Identity.Organization;
        var line = _lines[organization];
        line.Remove(request);
        if (line.Count == 0)
        {
            _lines.Remove(organization);
            Shares.Served(organization);
        }
    }
}
