namespace Tollgate.Accounts.Batches;

/// <summary>Form that makes a batch.</summary>
public sealed class BatchForm
{
    /// <summary>A form submitted twice makes one batch.</summary>
    public Guid RequestId { get; set; }

    public string? File { get; set; }

    public string? Endpoint { get; set; }

    /// <summary>Public id of the key that the lines run with.</summary>
    public string? Key { get; set; }
}
