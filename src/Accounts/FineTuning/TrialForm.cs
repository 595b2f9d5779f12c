namespace Tollgate.Accounts.FineTuning;

/// <summary>Form that tries a deployed model.</summary>
public sealed class TrialForm
{
    /// <summary>Most characters of a text.</summary>
    public const int LongestText = 20_000;

    /// <summary>A form submitted twice is one request.</summary>
    public Guid RequestId { get; set; }

    public string? Text { get; set; }

    /// <summary>Public id of the key that pays.</summary>
    public string? Key { get; set; }

    public bool Explain { get; set; }
}
