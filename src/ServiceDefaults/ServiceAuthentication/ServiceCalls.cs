namespace Tollgate.ServiceDefaults.ServiceAuthentication;

/// <summary>A permitted call from one service to another.</summary>
public sealed record ServiceCall(string Caller, string Callee)
{
    /// <summary>All calls inside the platform, from <c>service-calls</c>.</summary>
    public static IReadOnlyList<ServiceCall> All { get; } = Read();

    /// <summary>All services that call or are called; each has a bearer file.</summary>
    public static IReadOnlyList<string> Services { get; } =
        [.. All.SelectMany(call => new[] { call.Caller, call.Callee }).Distinct(StringComparer.Ordinal)];

    private static List<ServiceCall> Read()
    {
        using var stream = typeof(ServiceCall).Assembly.GetManifestResourceStream("service-calls")!;
        using var reader = new StreamReader(stream);
        var calls = new List<ServiceCall>();
        while (reader.ReadLine() is { } line)
        {
            if (line.Split(' ') is [var caller, var callee] && !line.StartsWith('#'))
            {
                calls.Add(new ServiceCall(caller, callee));
            }
        }

        return calls;
    }
}
