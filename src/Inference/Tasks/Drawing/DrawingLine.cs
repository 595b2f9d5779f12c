using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Tasks.Drawing;

/// <summary>
/// The pictures that wait for their next step, and who is next: the organization served least, of its pictures the one that joined first.
/// After a turn, an organization with much work rests while others with little have work at this worker. Its owner's lock guards it.
/// </summary>
internal sealed class DrawingLine(QueuePlaces places, QuietOrganizations quiet, TimeProvider clock)
{
    private readonly FairShare _shares = new();
    private readonly LinkedList<PictureInWork> _pictures = new();
    private readonly Dictionary<Guid, (long Since, TimeSpan Length)> _rests = [];

    public bool IsEmpty => _pictures.Count == 0;

    public IReadOnlyList<DrawingRequest> Requests => [.. _pictures.Select(picture => picture.Request).Distinct()];

    /// <summary>Takes the pictures of a request in.</summary>
    public void Add(DrawingRequest request)
    {
        var organization = request.Identity.Organization;
        if (_pictures.All(picture => picture.Organization != organization))
        {
            _shares.Join(organization, _pictures.Select(picture => picture.Organization).Distinct());
        }

        places.Enter(organization);
        quiet.Enter(organization, request.Plan.Pictures);
        for (var index = 0; index < request.Plan.Pictures; index++)
        {
            _pictures.AddLast(new PictureInWork(request, index));
        }
    }

    /// <summary>The last request of an organization that has had no turn yet.</summary>
    public DrawingRequest? LastWaiting(Guid organization) =>
        _pictures.LastOrDefault(picture => picture.Organization == organization && picture.Request.Queued is null)?.Request;

    /// <summary>Takes a request's remaining pictures out.</summary>
    public void Remove(DrawingRequest request)
    {
        foreach (var picture in _pictures.Where(picture => picture.Request == request).ToArray())
        {
            Remove(picture);
        }

        if (request.Queued is null)
        {
            places.Leave(request.Identity.Organization);
        }
    }

    public void Remove(PictureInWork picture)
    {
        if (!_pictures.Remove(picture))
        {
            return;
        }

        quiet.Leave(picture.Organization, 1);
        if (_pictures.All(other => other.Organization != picture.Organization))
        {
            _shares.Served(picture.Organization);
            _rests.Remove(picture.Organization);
        }
    }

    /// <summary>The request has its first turn.</summary>
    public void Start(DrawingRequest request) => places.Leave(request.Identity.Organization);

    /// <summary>Picks the pictures of the next call; none while all that wait rest.</summary>
    /// <param name="most">Most pictures.</param>
    /// <param name="fits">Whether a picture can share a call with the first one.</param>
    public IReadOnlyList<PictureInWork> Pick(int most, Func<PictureInWork, PictureInWork, bool> fits)
    {
        var picked = new List<PictureInWork>();
        var given = new Dictionary<Guid, double>();
        var open = _pictures.Where(picture => !Rests(picture.Organization)).GroupBy(picture => picture.Organization)
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
                .MinBy(line => _shares[line.Organization] + given.GetValueOrDefault(line.Organization));
            if (first is null)
            {
                break;
            }

            picked.Add(first.Pictures.Dequeue());
            given[first.Organization] = given.GetValueOrDefault(first.Organization) + WeightOf(picked[^1]);
        }

        return picked;
    }

    /// <summary>Charges a turn to the organizations that had it.</summary>
    public void Charge(IReadOnlyList<PictureInWork> pictures, TimeSpan took)
    {
        var now = clock.GetTimestamp();
        foreach (var picture in pictures)
        {
            _shares.Charge(picture.Organization, WeightOf(picture));
            if (_pictures.Any(other => other.Organization == picture.Organization))
            {
                _rests[picture.Organization] = (now, took * QuietOrganizations.Share);
            }
        }
    }

    /// <summary>Work of one step: the elements that the denoiser reads.</summary>
    private static double WeightOf(PictureInWork picture) =>
        picture.Request.Plan.Shape.Length * (picture.Request.Plan.Unguided is null ? 1.0 : 2);

    /// <summary>Pictures of one organization that a turn may take.</summary>
    private sealed record OpenLine(Guid Organization, Queue<PictureInWork> Pictures);

    private bool Rests(Guid organization) =>
        _rests.TryGetValue(organization, out var rest) && clock.GetElapsedTime(rest.Since) < rest.Length
        && quiet.MustGiveWay(organization);
}
