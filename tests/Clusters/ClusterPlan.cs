namespace Tollgate.Clusters;

/// <summary>What a cluster consists of besides one Postgres, one Redis, Billing and Accounts.</summary>
public sealed record ClusterPlan
{
    /// <summary>Gateways, each with an API of its own.</summary>
    public int Gateways { get; init; } = 1;

    /// <summary>Workers that the cluster starts.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Whether a trainer runs too, for fine-tuning jobs.</summary>
    public bool Trainer { get; init; }

    /// <summary>Base addresses of workers that somebody else starts; every gateway is told of them.</summary>
    public IReadOnlyList<string> OutsideWorkers { get; init; } = [];

    /// <summary>Null: any free port.</summary>
    public int? RedisPort { get; init; }

    /// <summary>Where Accounts finds Redis instead of Redis' own port: that of a proxy which somebody else runs. Null: no proxy.</summary>
    public int? AccountsRedisPort { get; init; }

    /// <summary>Whether the fake Stripe runs too. Without it nobody can top up.</summary>
    public bool Stripe { get; init; } = true;

    /// <summary>
    /// Whether the gateways' and Redis' clocks can be stepped, the gateways' disks filled, and Postgres restored from a backup.
    /// </summary>
    public bool Breakable { get; init; }

    /// <summary>
    /// More environment, by service name of the compose file (<c>gateway</c>) or by process name (<c>gateway-2</c>); the latter wins.
    /// </summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Environment { get; init; } =
        new Dictionary<string, IReadOnlyDictionary<string, string>>();
}
