namespace Tollgate.ServiceDefaults.ServiceAuthentication;

/// <summary>A service that calls another.</summary>
public sealed record ServiceCall(string Caller, string Callee)
{
    /// <summary>Every call inside the platform: the lines of <c>service-calls</c>.</summary>
    public static IReadOnlyList<ServiceCall> All { get; } = Read();

    /// <summary>Every service that calls or is called, and so has a file of bearers.</summary>
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
