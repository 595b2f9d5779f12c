namespace Tollgate.Contracts.Keys;

/// <summary>Owner of a limit.</summary>
public enum LimitLevel
{
    Key,
    Project,
    Organization,

    /// <summary>An organization's limit on one model.</summary>
    Model,
}
