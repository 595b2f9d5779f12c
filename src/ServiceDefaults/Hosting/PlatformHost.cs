using System.Net;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Tollgate.ServiceDefaults.Hosting;

/// <summary>Creates and runs a service in the same way whether it is alone in its process, beside others, or in a test.</summary>
public static class PlatformHost
{
    /// <summary>
    /// Creates a builder with the settings of <see cref="PlatformSettings"/>. Its listeners are <c>Listen:Public</c> and
    /// <c>Listen:Internal</c>.
    /// </summary>
    public static WebApplicationBuilder CreateBuilder(string[] args, Assembly service)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ApplicationName = service.GetName().Name,
            ContentRootPath = AppContext.BaseDirectory, // The working directory may be /, which a file watcher would scan.
        });
        builder.Configuration.AddPlatformSettings(args);
        foreach (var kind in Enum.GetValues<ListenerKind>())
        {
            CheckListener($"Listen:{kind}", builder.Configuration[$"Listen:{kind}"]);
        }

        if (builder.Configuration["Host:Signals"] == "ignore")
        {
            builder.Services.AddSingleton<IHostLifetime, StoppedByItsOwner>();
        }

        builder.WebHost.UseKestrelCore().ConfigureKestrel(ConfigureListeners);
        return builder;
    }

    /// <summary>
    /// Runs a service until a signal. With <c>migrate</c> as the first argument, updates its schema and ends. With <c>--help</c>, prints
    /// these verbs. A wrong setting ends it with one line.
    /// </summary>
    /// <param name="migrate">Null for a service without a database.</param>
    public static async Task<int> RunAsync(
        string[] args, Func<string[], WebApplication> create, Func<string[], CancellationToken, Task>? migrate = null)
    {
        NewFiles.AreTheOwnersAlone();
        if (args.Any(arg => arg is "--help" or "-h" or "-?"))
        {
            await Console.Out.WriteLineAsync(Help(migrate is not null));
            return 0;
        }

        try
        {
            return await RunVerbAsync(args, create, migrate);
        }
        catch (Exception exception) when (SettingsError.Explain(exception) is { } line)
        {
            await Console.Error.WriteLineAsync($"{Name}: {line}");
            return 1;
        }
    }

    private static string Name => Assembly.GetEntryAssembly()?.GetName().Name ?? "tollgate";

    private static async Task<int> RunVerbAsync(
        string[] args, Func<string[], WebApplication> create, Func<string[], CancellationToken, Task>? migrate)
    {
        switch (args)
        {
            case ["migrate", .. var settings]:
                await (migrate ?? throw new InvalidOperationException("This service has no database to migrate."))(
                    settings, CancellationToken.None);
                return 0;
            case [var verb, ..] when !verb.StartsWith('-') && !verb.StartsWith('/') && !verb.Contains('=', StringComparison.Ordinal):
                throw new InvalidOperationException($"'{verb}' is no verb of this service. See --help.");
            default:
                await using (var app = create(args))
                {
                    app.Services.GetService<IStartupValidator>()?.Validate(); // Otherwise the host would first log a wrong setting's stack.
                    await app.RunAsync();
                }

                return 0;
        }
    }

    private static string Help(bool migrates) =>
        $"""
        usage: {Name} [--Section:Name=value …]            serve until a signal
        """
        + (migrates ? $"\n       {Name} migrate [--Section:Name=value …]    bring the database's schema up to date" : "")
        + """


        A setting is also the environment variable TOLLGATE__Section__Name; Name_FILE gives the path of a file that holds the value.
        docs/configuration.md has every setting.
        """;

    /// <summary>Ignores signals, for a service beside others in one process: its creator stops the services in a chosen order.</summary>
    private sealed class StoppedByItsOwner : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <exception cref="FormatException">The host is not an address.</exception>
    private static IPAddress Address(string host) =>
        host == "localhost" ? IPAddress.Loopback : host is "+" or "*" ? IPAddress.Any : IPAddress.Parse(host);

    private static void CheckListener(string setting, string? url)
    {
        try
        {
            if (!string.IsNullOrEmpty(url))
            {
                _ = Address(BindingAddress.Parse(url).Host);
            }
        }
        catch (FormatException exception)
        {
            throw new InvalidOperationException($"{setting}: '{url}' is not an address such as http://127.0.0.1:8080.", exception);
        }
    }

    private static void ConfigureListeners(WebHostBuilderContext context, KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MinResponseDataRate = null; // A client that reads a stream slowly is not an attacker.
        kestrel.Limits.MaxRequestBodySize = 4 * 1024 * 1024;
        kestrel.Limits.MaxRequestHeadersTotalSize = 64 * 1024;
        foreach (var kind in Enum.GetValues<ListenerKind>())
        {
            if (context.Configuration[$"Listen:{kind}"] is { Length: > 0 } url)
            {
                var address = BindingAddress.Parse(url);
                var ip = Address(address.Host);
                kestrel.Listen(ip, address.Port, listen => listen.Use(next => connection =>
                {
                    connection.Features.Set(new Listener(kind));
                    return next(connection);
                }));
            }
        }
    }
}
