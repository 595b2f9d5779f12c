using System.Text.RegularExpressions;

namespace Tollgate.Benchmarks.Profile;

/// <summary>Whose doing a sample is.</summary>
internal readonly record struct SampleOwner(string Part, string Method);

/// <summary>
/// Gives a sample to a part of the program: the innermost frame that belongs to a slice of the gateway or to a library with a name of its
/// own. The kernel's work, copies and locks so count for whoever asked for them.
/// </summary>
internal static partial class ProgramPart
{
    /// <summary>Libraries by the beginning of their assembly's name; the first that fits counts.</summary>
    private static readonly (string Assembly, string Part)[] Libraries =
    [
        ("Tollgate.Benchmarks", "the pass-through's own code"),
        ("Tollgate.Clusters", "the pass-through's own code"),
        ("Microsoft.AspNetCore.Server.Kestrel", "Kestrel"),
        ("Microsoft.AspNetCore", "ASP.NET Core"),
        ("System.Net.Http", "HttpClient"),
        ("StackExchange.Redis", "Redis client"),
        ("RESPite", "Redis client"),
        ("Pipelines.Sockets.Unofficial", "Redis client"),
        ("OpenTelemetry", "metrics"),
        ("System.Diagnostics.DiagnosticSource", "metrics"),
        ("Microsoft.Extensions.Diagnostics", "metrics"),
        ("Microsoft.Extensions.Logging", "logs"),
        ("System.Text.Json", "JSON"),
        ("System.Security.Cryptography", "cryptography"),
        ("Microsoft.Extensions", "hosting"),
    ];

    private static readonly (string Symbol, string Part)[] SystemCalls =
    [
        ("sendmsg", "kernel: sending"),
        ("sendto", "kernel: sending"),
        ("recvmsg", "kernel: receiving"),
        ("recvfrom", "kernel: receiving"),
        ("libc_recv", "kernel: receiving"),
        ("epoll", "kernel: waiting for sockets"),
        ("LowLevelLifoSemaphore", "thread pool: waiting for work"),
        ("futex", "thread pool: waiting for work"),
        ("sched_yield", "thread pool: waiting for work"),
    ];

    public static SampleOwner Of(PerfStack stack)
    {
        foreach (var frame in stack.Frames)
        {
            var managed = Managed().Match(frame.Symbol);
            var assembly = managed.Success ? managed.Groups["assembly"].Value
                : frame.Module.EndsWith(".dll", StringComparison.Ordinal) ? frame.Module[..^".dll".Length] : null;
            if (assembly is not null && PartOf(assembly, managed.Groups["type"].Value) is { } part)
            {
                return new SampleOwner(
                    part, managed.Success ? $"{managed.Groups["type"].Value}::{managed.Groups["method"].Value}" : "precompiled code");
            }
        }

        return new SampleOwner(Nobody(stack), stack.Frames.Count > 0 ? stack.Frames[0].Symbol : "no stack");
    }

    private static string? PartOf(string assembly, string type)
    {
        if (assembly is "Tollgate.Gateway" or "Tollgate.Contracts" or "Tollgate.ServiceDefaults")
        {
            return string.Join(' ', type.Split('.').Skip(1).Take(2)) is { Length: > 0 } slice ? slice : assembly;
        }

        foreach (var library in Libraries)
        {
            if (assembly.StartsWith(library.Assembly, StringComparison.Ordinal))
            {
                return library.Part;
            }
        }

        return null;
    }

    /// <summary>
    /// Names a sample without an owner by what the kernel did: the stack of a system call
    /// often ends in the C library, which keeps no frame pointers.
    /// </summary>
    private static string Nobody(PerfStack stack)
    {
        if (stack.Thread is ".NET Tiered Com")
        {
            return "compiling";
        }

        foreach (var (symbol, part) in SystemCalls)
        {
            if (stack.Frames.Any(frame => frame.Symbol.Contains(symbol, StringComparison.Ordinal)))
            {
                return part;
            }
        }

        return stack.Thread switch
        {
            ".NET BGC" or ".NET Server GC" or ".NET Finalizer" => "garbage collection",
            ".NET Sockets" or ".NET SocketAsyn" => "sockets' event loop",
            ".NET TP Worker" or ".NET ThreadPool" => "thread pool, not known whose",
            ".NET Timer" => "timers",
            _ => $"thread {stack.Thread}",
        };
    }

    /// <summary>
    /// A compiled method as the runtime writes it down: signature, assembly in brackets, a space, type, two colons, method.
    /// </summary>
    [GeneratedRegex(@"\[(?<assembly>[\w.\-]+)\] (?<type>[^\[(]+?)(\[.*\])?::(?<method>[^(\[]+)")]
    private static partial Regex Managed();
}
