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

/// <summary>Makes and runs a service the same way whether it is alone in its process, beside others, or in a test.</summary>
public static class PlatformHost
{
    /// <summary>A builder with the settings of <see cref="PlatformSettings"/>. The listeners are <c>Listen:Public</c> and <c>Listen:Internal</c>.</summary>
    public static WebApplicationBuilder CreateBuilder(string[] args, Assembly service)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ApplicationName = service.GetName().Name,
            ContentRootPath = AppContext.BaseDirectory, // The working directory may be /, which a watcher would walk.
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
    /// Runs a service: <c>migrate</c> as the first argument brings its schema up to date and ends; <c>health</c> asks the running one of
    /// the same settings whether it is ready, for a container's health check; <c>--help</c> explains both; anything else serves until a signal.
    /// A wrong setting ends it with one line.
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
            case ["health", .. var settings]:
                return await AskHealthAsync(settings) ? 0 : 1;
            case [var verb, ..] when !verb.StartsWith('-') && !verb.StartsWith('/') && !verb.Contains('=', StringComparison.Ordinal):
                throw new InvalidOperationException($"'{verb}' is no verb of this service. See --help.");
            default:
                await using (var app = create(args))
                {
                    app.Services.GetService<IStartupValidator>()?.Validate(); // The host would log the stack of a wrong setting first.
                    await app.RunAsync();
                }

                return 0;
        }
    }

    private static string Help(bool migrates) =>
        $"""
        usage: {Name} [--Section:Name=value …]            serve until a signal
               {Name} health [--Section:Name=value …]     ask the running service whether it is ready
        """
        + (migrates ? $"\n       {Name} migrate [--Section:Name=value …]    bring the database's schema up to date" : "")
        + """


        A setting is also the environment variable TOLLGATE__Section__Name; Name_FILE gives the path of a file that holds the value.
        The settings of each service are in its README.
        """;

    private static async Task<bool> AskHealthAsync(string[] args)
    {
        var configuration = PlatformSettings.Read(args);
        var listener = configuration["Listen:Internal"] ?? configuration["Listen:Public"]
            ?? throw new InvalidOperationException("Listen:Internal is not set: where does the service listen?");
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(4) };
        try
        {
            using var response = await http.GetAsync($"http://127.0.0.1:{BindingAddress.Parse(listener).Port}/health/ready");
            return response.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return false;
        }
    }

    /// <summary>For a service beside others in one process: whoever made it stops it, in an
    /// order of its own, so it must not listen for signals.</summary>
    private sealed class StoppedByItsOwner : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <exception cref="FormatException">The host is no address.</exception>
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
        kestrel.Limits.MinResponseDataRate = null; // A reader of a slow stream is not an attacker.
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
