namespace Tollgate.Gateway.Redis;

/// <summary>What the gateway demands of the Redis that holds the tills. Section <c>Till</c>, beside the settings of the leases.</summary>
internal sealed class TillSafetyOptions
{
    public const string Section = "Till";

    /// <summary>Starts although the till's Redis keeps data over a restart, evicts, or is a
    /// replica. Money may then be spent twice. Default false.</summary>
    public bool AllowUnsafeRedis { get; init; }
}
