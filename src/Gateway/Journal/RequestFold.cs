using Tollgate.Contracts.Metering;

namespace Tollgate.Gateway.Journal;

/// <summary>A request that was opened and has not ended.</summary>
internal sealed class UnfinishedRequest(Guid requestId, Guid organizationId, long openPosition)
{
    public Guid RequestId => requestId;

    public Guid OrganizationId => organizationId;

    public long OpenPosition => openPosition;

    /// <summary>Null while it is unknown whether it has a hold, and under which epoch.</summary>
    public AdmittedRequest? Admitted { get; set; }

    /// <summary>The last that started, if any did; of the first there is no record.</summary>
    public int Attempt { get; set; } = 1;

    /// <summary>The last progress; null before any.</summary>
    public Units? Progress { get; set; }

    /// <summary>Set while it is unknown whether its complete answer was stored.</summary>
    public UnsettledAnswer? Answer { get; set; }
}

/// <summary>An admitted request and its end.</summary>
internal sealed record FinishedRequest(AdmittedRequest Request, RequestEnd End, long OpenPosition);

/// <summary>Follows the records of a journal and knows at each one which requests are unfinished. Belongs to one reader.</summary>
internal sealed class RequestFold
{
    private readonly Dictionary<Guid, UnfinishedRequest> _unfinished = [];

    public IReadOnlyCollection<UnfinishedRequest> Unfinished => _unfinished.Values;

    /// <summary>Takes in the record that was just read; returns the request that it ended, if it ended an admitted one.</summary>
    public FinishedRequest? Apply(JournalReader journal)
    {
        if (journal.Type is RecordType.Boot or RecordType.Mark or RecordType.Sealed)
        {
            return null;
        }

        var payload = new RecordReader(journal.Payload);
        if (journal.Type == RecordType.Admitted)
        {
            var admitted = AdmittedRequest.Read(ref payload);
            if (_unfinished.TryGetValue(admitted.RequestId, out var opened))
            {
                opened.Admitted = admitted;
            }

            return null;
        }

        var requestId = payload.Guid();
        if (journal.Type == RecordType.Open)
        {
            _unfinished[requestId] = new UnfinishedRequest(requestId, payload.Guid(), journal.RecordPosition);
            return null;
        }

        return _unfinished.TryGetValue(requestId, out var request) ? Apply(journal.Type, ref payload, request) : null;
    }

    /// <summary>The position that a cursor may not pass: the first OPEN of an unfinished
    /// request, or else <paramref name="read"/>.</summary>
    public long LowWater(long read)
    {
        foreach (var request in _unfinished.Values)
        {
            read = Math.Min(read, request.OpenPosition);
        }

        return read;
    }

    /// <summary>Whether a request of the organization may still spend under an epoch before <paramref name="epoch"/>.</summary>
    public bool HasOlder(Guid organizationId, long epoch)
    {
        foreach (var request in _unfinished.Values)
        {
            if (request.OrganizationId == organizationId && (request.Admitted is null || request.Admitted.Epoch < epoch))
            {
                return true;
            }
        }

        return false;
    }

    private static Units ReadProgress(ref RecordReader payload)
    {
        var counts = payload.Counts();
        payload.LaterCounts(ref counts);
        return Units.Of(counts);
    }

    private FinishedRequest? Apply(RecordType type, ref RecordReader payload, UnfinishedRequest request)
    {
        switch (type)
        {
            case RecordType.Attempt:
                request.Attempt = (int)payload.Count();
                return null;
            case RecordType.Progress:
                request.Progress = ReadProgress(ref payload);
                return null;
            case RecordType.Answered:
                request.Answer = UnsettledAnswer.Read(ref payload);
                return null;
            case RecordType.Close:
                _unfinished.Remove(request.RequestId);
                return request.Admitted is null
                    ? null
                    : new FinishedRequest(request.Admitted, RequestEnd.Read(ref payload), request.OpenPosition);
            default:
                _unfinished.Remove(request.RequestId);
                return null;
        }
    }
}
