namespace Tollgate.Contracts.Metering;

/// <summary>
/// How soon a request runs, and at which share of its price it is billed. Journals, usage batches and rows store the values, so they never
/// change.
/// </summary>
public enum ServiceClass
{
    /// <summary>Live traffic, at the full price.</summary>
    Standard = 0,

    /// <summary>Runs when no standard request waits, at the price's batch factor.</summary>
    Batch = 1,
}

/// <summary>The names of service classes in headers, log lines and reports.</summary>
public static class ServiceClassNames
{
    public static string Name(this ServiceClass serviceClass) => serviceClass == ServiceClass.Batch ? "batch" : "standard";

    /// <summary>Parses a name; null for any other text.</summary>
    public static ServiceClass? Parse(string? name) => name switch
    {
        "standard" => ServiceClass.Standard,
        "batch" => ServiceClass.Batch,
        _ => null,
    };
}
