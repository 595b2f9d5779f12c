using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Tasks.Drawing;

/// <summary>
/// The pictures that wait for their next step, and who is next: the party served least, of its pictures the one that joined first; those of
/// batches only while no others wait.
/// After a turn, an organization with much work rests while others with little have work at this worker. Its owner's lock guards it.
/// </summary>
internal sealed class DrawingLine(QueuePlaces places, QuietOrganizations quiet, TimeProvider clock)
{
    private readonly FairShare _shares = new();
    private readonly LinkedList<PictureInWork> _pictures = new();
    private readonly Dictionary<Party, (long Since, TimeSpan Length)> _rests = [];

    public bool IsEmpty => _pictures.Count == 0;

    public IReadOnlyList<DrawingRequest> Requests => [.. _pictures.Select(picture => picture.Request).Distinct()];

    /// <summary>Takes the pictures of a request in.</summary>
    public void Add(DrawingRequest request)
    {
        var party = request.Identity.Party;
        if (_pictures.All(picture => picture.Party != party))
        {
            _shares.Join(party, _pictures.Select(picture => picture.Party).Distinct());
        }

        places.Enter(party);
        quiet.Enter(party, request.Plan.Pictures);
        for (var index = 0; index < request.Plan.Pictures; index++)
        {
            _pictures.AddLast(new PictureInWork(request, index));
        }
    }

    /// <summary>The last request of an organization that has had no turn yet.</summary>
    public DrawingRequest? LastWaiting(Party party) =>
        _pictures.LastOrDefault(picture => picture.Party == party && picture.Request.Queued is null)?.Request;

    /// <summary>Takes a request's remaining pictures out.</summary>
    public void Remove(DrawingRequest request)
    {
        foreach (var picture in _pictures.Where(picture => picture.Request == request).ToArray())
        {
            Remove(picture);
        }

        if (request.Queued is null)
        {
            places.Leave(request.Identity.Party);
        }
    }

    public void Remove(PictureInWork picture)
    {
        if (!_pictures.Remove(picture))
        {
            return;
        }

        quiet.Leave(picture.Party, 1);
        if (_pictures.All(other => other.Party != picture.Party))
        {
            _shares.Served(picture.Party);
            _rests.Remove(picture.Party);
        }
    }

    /// <summary>The request has its first turn.</summary>
    public void Start(DrawingRequest request) => places.Leave(request.Identity.Party);

    /// <summary>Picks the pictures of the next call; none while all that wait rest.</summary>
    /// <param name="most">Most pictures.</param>
    /// <param name="fits">Whether a picture can share a call with the first one.</param>
    public IReadOnlyList<PictureInWork> Pick(int most, Func<PictureInWork, PictureInWork, bool> fits)
    {
        var picked = new List<PictureInWork>();
        var given = new Dictionary<Party, double>();
        var rank = Party.FirstOf(_pictures.Select(picture => picture.Party));
        var open = _pictures.Where(picture => picture.Party.MayBegin(rank) && !Rests(picture.Party))
            .GroupBy(picture => picture.Party)
            .Select(group => new OpenLine(group.Key, new Queue<PictureInWork>(group))).ToArray();
        while (picked.Count < most)
        {
            foreach (var line in open)
            {
                while (line.Pictures.TryPeek(out var next) && picked.Count > 0 && !fits(picked[0], next))
                {
                    line.Pictures.Dequeue();
                }
            }

            var first = open.Where(line => line.Pictures.Count > 0)
                .MinBy(line => _shares[line.Party] + given.GetValueOrDefault(line.Party));
            if (first is null)
            {
                break;
            }

            picked.Add(first.Pictures.Dequeue());
            given[first.Party] = given.GetValueOrDefault(first.Party) + WeightOf(picked[^1]);
        }

        return picked;
    }

    /// <summary>Charges a turn to the organizations that had it.</summary>
    public void Charge(IReadOnlyList<PictureInWork> pictures, TimeSpan took)
    {
        var now = clock.GetTimestamp();
        foreach (var picture in pictures)
        {
            _shares.Charge(picture.Party, WeightOf(picture));
            if (_pictures.Any(other => other.Party == picture.Party))
            {
                _rests[picture.Party.Resting] = (now, took * QuietOrganizations.Share);
            }
        }
    }

    /// <summary>Work of one step: the elements that the denoiser reads.</summary>
    private static double WeightOf(PictureInWork picture) =>
        picture.Request.Plan.Shape.Length * (picture.Request.Plan.Unguided is null ? 1.0 : 2);

    /// <summary>Pictures of one organization that a turn may take.</summary>
    private sealed record OpenLine(Party Party, Queue<PictureInWork> Pictures);

    private bool Rests(Party party) =>
        _rests.TryGetValue(party.Resting, out var rest) && clock.GetElapsedTime(rest.Since) < rest.Length
        && quiet.MustGiveWay(party);
}
