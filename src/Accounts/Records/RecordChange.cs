namespace Tollgate.Accounts.Records;

/// <summary>Result of a change to a record that gateways read from Redis.</summary>
internal enum RecordChange
{
    /// <summary>The row does not exist or belongs to another organization.</summary>
    NotFound = 0,

    /// <summary>Committed and in Redis; gateways apply it from the next request.</summary>
    Acknowledged = 1,

    /// <summary>Committed, but not acknowledged by Redis. The outbox retries.</summary>
    Queued = 2,
}
