using Tollgate.EndToEnd.Tests.Books;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.Processes;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Running;

/// <summary>
/// The whole product as a user starts it: <c>Tollgate.AllInOne up</c> as a process of its own
/// on a data folder and free ports. It cannot outlive the tests.
/// </summary>
internal sealed class RunningTollgate : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(180);
    private readonly int _apiPort = FreePort.Next();
    private readonly int _portalPort = FreePort.Next();
    private ChildProcess? _process;
    private int _starts;

    private readonly IReadOnlyDictionary<string, string> _environment;

    private readonly string[] _more;

    private RunningTollgate(string data, IReadOnlyDictionary<string, string> environment, string[] more) =>
        (Data, _environment, _more) = (data, environment, more);

    /// <summary>The data folder; it stays over <see cref="StartAgainAsync"/>.</summary>
    public string Data { get; }

    /// <summary>Where the parts listen now.</summary>
    public Endpoints Endpoints => Endpoints.Read(Data);

    /// <summary>What this start printed.</summary>
    public string Printed => File.Exists(Log) ? File.ReadAllText(Log) : "";

    /// <summary>The key that the first start made.</summary>
    public string FirstKey => File.ReadAllText(Path.Combine(Data, "first-key")).Trim();

    /// <summary>E-mail address and password of the operator that the first start made.</summary>
    public (string Email, string Password) FirstAdmin
    {
        get
        {
            var lines = File.ReadAllLines(Path.Combine(Data, "first-admin"));
            return (lines[0], lines[1]);
        }
    }

    public bool HasExited => _process is null || _process.HasExited;

    /// <summary>What was booked, read beside the product.</summary>
    public BooksReader Books => new(Endpoints.Postgres);

    /// <summary>The doors between the services, opened with the bearers of each service.</summary>
    public InternalApi Internal => new(Endpoints);

    public OperatorCommands Commands => new(Data);

    private string Log => $"{Data}-up-{_starts}.log"; // Beside it: the terminal is not a part of the installation.

    /// <summary>Path of a data folder that is not there yet.</summary>
    public static string NewDataFolder() => Path.Combine(TestFolder.Create("tollgate"), "data");

    /// <summary>Starts it on a new data folder and waits until it is ready.</summary>
    /// <param name="environment">Settings of the operator.</param>
    /// <param name="data">Its data folder; a new one by default.</param>
    /// <param name="more">More options of <c>up</c>.</param>
    public static async Task<RunningTollgate> StartAsync(
        IReadOnlyDictionary<string, string>? environment = null, string? data = null, params string[] more)
    {
        var tollgate = new RunningTollgate(data ?? NewDataFolder(), environment ?? new Dictionary<string, string>(), more);
        await tollgate.StartAgainAsync();
        return tollgate;
    }

    /// <summary>Starts it on the same data folder and ports, and waits until it is ready.</summary>
    /// <exception cref="InvalidOperationException">It ended instead; the message holds what it said.</exception>
    public async Task StartAgainAsync()
    {
        const int Tries = 3;
        for (var i = 1; !await TryStartAsync(); i++)
        {
            // It looks for free ports for its parts before it binds them; another test's process may take one in between.
            if (i == Tries || !Printed.Contains("address already in use", StringComparison.OrdinalIgnoreCase))
            {
                throw new InvalidOperationException($"Tollgate ended at its start: {Printed}");
            }
        }

        BooksReader.Reconnect();
    }

    /// <summary>Returns whether it is ready; false once it has ended instead.</summary>
    private async Task<bool> TryStartAsync()
    {
        _process?.Dispose();
        _starts++;
        string[] command =
        [
            "dotnet", OperatorCommands.Program, "up", "--data", Data,
            "--api-port", $"{_apiPort}", "--portal-port", $"{_portalPort}", .. _more,
        ];
        _process = await ChildProcess.StartAsync(new ChildSpec("tollgate", command, _environment, Log));
        await Until.TrueAsync(() => Printed.Contains("Ready in ", StringComparison.Ordinal) || HasExited, "tollgate ready", StartPatience);
        return !HasExited;
    }

    /// <summary>A client of the public API.</summary>
    /// <param name="key">Default: the first key.</param>
    public ApiClient Client(string? key = null) => new(Endpoints.Api, key ?? FirstKey);

    /// <summary>kill -9 of the process that holds gateway, accounts and billing.</summary>
    public Task KillAsync() => Process.StopAsync(ChildSignal.Kill, TimeSpan.FromSeconds(10));

    /// <summary>Asks it to stop, as Ctrl-C and systemd do.</summary>
    public void Terminate() => Process.Send(ChildSignal.Terminate);

    /// <summary>Waits until the process is gone.</summary>
    public Task WaitForExitAsync(TimeSpan patience) => Process.WaitForExitAsync().WaitAsync(patience);

    /// <summary>Sends a signal such as <c>STOP</c> to one part.</summary>
    public static async Task SignalAsync(int processId, string signal) =>
        (await ProgramRun.RunAsync("/bin/sh", ["-c", "kill -\"$0\" \"$1\"", signal, $"{processId}"])).Succeeded();

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.StopAsync(ChildSignal.Terminate, TimeSpan.FromSeconds(40));
            _process.Dispose();
        }
    }

    private ChildProcess Process => _process ?? throw new InvalidOperationException("Not started.");
}
