using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Metering;

namespace Tollgate.Chaos.Tests.Load;

/// <summary>How a call looked to its client in the end.</summary>
internal enum CallEnd
{
    /// <summary>The whole answer came: to its last event, such as <c>[DONE]</c>, or the body of an unstreamed one.</summary>
    Whole,

    /// <summary>An error with a status, before any token.</summary>
    Refused,

    /// <summary>A stream that ended with an error frame.</summary>
    ErrorFrame,

    /// <summary>A stream that ended in order, but without <c>[DONE]</c>: never right.</summary>
    CutShort,

    /// <summary>The client hung up by its own choice.</summary>
    Left,

    /// <summary>The connection broke under the answer, or nothing came for too long.</summary>
    Broken,

    /// <summary>No answer at all: nobody listens, or the connection broke before the headers.</summary>
    NoAnswer,
}

/// <summary>What a client saw of one call: the truth that rows are held against.</summary>
internal sealed record CallRecord
{
    public required int Number { get; init; }

    public required CustomerKey Key { get; init; }

    /// <summary>Base address.</summary>
    public required string Gateway { get; init; }

    /// <summary>Internal base address of a gateway, for a line of a batch; null for a customer's own call.</summary>
    public string? InternalGateway { get; init; }

    /// <summary>Name of the gateway's process; empty where nothing is done to it.</summary>
    public string GatewayName { get; init; } = "";

    /// <summary>Such as <c>chat stream n=2 cap=16</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Null when the call had none.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>The request whose kept answer this one got, from <c>x-tollgate-original-request-id</c>; null when it ran itself.</summary>
    public Guid? ReplayOf { get; set; }

    public required DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset EndedAt { get; set; }

    /// <summary>From the <c>x-request-id</c> header; null when no headers came.</summary>
    public Guid? RequestId { get; set; }

    public int? Status { get; set; }

    /// <summary><c>code</c> of the error, in a body or in a frame.</summary>
    public string? ErrorCode { get; set; }

    /// <summary>Whether the answer said when to try again.</summary>
    public bool SaysWhenToRetry { get; set; }

    /// <summary>What is in whole events that arrived, or in an unstreamed answer: output tokens, pictures with their pixels, heard
    /// audio.</summary>
    public Units Received { get; set; }

    /// <summary>Whether an event or a body arrived whole, whatever it counted.</summary>
    public bool ReceivedAnything { get; set; }

    /// <summary>What the plan says that a whole answer costs; null where it cannot say.</summary>
    public Units? Sent { get; set; }

    /// <summary>What the answer itself states in the end, if it does.</summary>
    public Units? Usage { get; set; }

    public CallEnd End { get; set; } = CallEnd.NoAnswer;

    /// <summary>Text of an exception, for the log.</summary>
    public string? Detail { get; set; }
}

/// <summary>One key of a customer.</summary>
/// <param name="BudgetNanoUsd">Budget of a month, nano-dollars; null none.</param>
internal sealed record CustomerKey(Guid KeyId, string PublicId, string Text, long? BudgetNanoUsd, Customer Customer);

/// <summary>One organization that calls.</summary>
/// <param name="CreditUsd">All that it ever pays in.</param>
/// <param name="IsRich">Whether its credit cannot run out during a run, so that nobody may tell it so.</param>
internal sealed record Customer(Guid OrganizationId, Guid ProjectId, string Name, decimal CreditUsd, bool IsRich)
{
    public List<CustomerKey> Keys { get; } = [];

    /// <summary>Makes the text of a new key.</summary>
    public CustomerKey AddKey(Guid keyId, long? budgetNanoUsd, out string secret)
    {
        var (publicId, made, text) = ApiKeyText.Create();
        secret = made;
        var key = new CustomerKey(keyId, publicId, text, budgetNanoUsd, this);
        Keys.Add(key);
        return key;
    }
}
