namespace Tollgate.Gateway.Journal;

/// <summary>Meaning of a record. Values are on disk and never change.</summary>
internal enum RecordType : byte
{
    /// <summary>This process writes from here on: boot, time, gateway.</summary>
    Boot = 1,

    /// <summary>A request is about to ask for admission: a hold may exist from here on.</summary>
    Open = 2,

    /// <summary>It was admitted: hold, price, epoch.</summary>
    Admitted = 3,

    /// <summary>An attempt at a worker starts, after the first.</summary>
    Attempt = 4,

    /// <summary>Units of all that is about to be in the client's hands.</summary>
    Progress = 5,

    /// <summary>It ended: what is charged.</summary>
    Close = 6,

    /// <summary>An opened request holds nothing: refused, or its possible hold was released.</summary>
    Dropped = 7,

    /// <summary>How far everything before is shipped and settled, and into which database.</summary>
    Mark = 8,

    /// <summary>The segment ends here; the next one goes on.</summary>
    Sealed = 9,

    /// <summary>Its answer is complete and is being stored under its idempotency key: what is charged if it was stored. CLOSE
    /// follows.</summary>
    Answered = 10,
}
