using Npgsql;
using Tollgate.ServiceDefaults.Processes;

namespace Tollgate.LocalServers;

/// <summary>
/// A private Postgres: data in one folder, a loopback port, a generated password. As root it runs as Debian's user <c>postgres</c> without
/// capabilities.
/// </summary>
/// <param name="folder">Holds <c>data</c> and <c>postgres.log</c>; created on first use. Only the server's user may enter it.</param>
/// <param name="password">Password of the superuser <c>postgres</c>. Passed to <c>initdb</c> once and kept by the caller.</param>
public sealed class PrivatePostgres(string folder, string password)
{
    /// <summary>Debian's user for Postgres, because Postgres refuses to run as root.</summary>
    public const string User = "postgres";

    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private readonly string _data = Path.Combine(folder, "data");

    /// <summary>Returns the superuser's connection string for <paramref name="database"/>.</summary>
    public string ConnectionString(int port, string database = "postgres") => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = port,
        Username = "postgres",
        Password = password,
        Database = database,
    }.ConnectionString;

    /// <summary>Creates the cluster if it does not exist, starts the server and waits until it answers.</summary>
    /// <param name="settings">Additional settings, each <c>name=value</c>.</param>
    /// <exception cref="MissingServerException">Postgres is not installed.</exception>
    /// <exception cref="InvalidOperationException">Postgres did not start; the message names the log.</exception>
    public async Task<ChildProcess> StartAsync(int port, IEnumerable<string> settings, CancellationToken cancellationToken)
    {
        await OwnerOnly.FolderAsync(folder, User, cancellationToken);
        if (!File.Exists(Path.Combine(_data, "PG_VERSION")))
        {
            await InitializeAsync(cancellationToken);
        }

        string[] fixedSettings =
        [
            $"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200",
            "password_encryption=scram-sha-256",
        ];
        string[] command =
        [
            ServerBinaries.Find("postgres", "postgresql"), "-D", $"{ChildSpec.PathOf(folder)}/data",
            .. fixedSettings.Concat(settings).SelectMany(s => (string[])["-c", s]),
        ];
        var child = await ChildProcess.StartAsync(
            new ChildSpec("postgres", command, new Dictionary<string, string>(), LogFile, ChildSignal.Interrupt, User, folder));
        await WaitUntilReadyAsync(child, port, cancellationToken);
        return child;
    }

    private string LogFile => Path.Combine(folder, "postgres.log");

    private async Task InitializeAsync(CancellationToken cancellationToken)
    {
        // Builds the cluster beside its final place and moves it when complete, so a kill leaves nothing that looks like a cluster.
        var unfinished = _data + ".new";
        if (Directory.Exists(unfinished))
        {
            Directory.Delete(unfinished, recursive: true);
        }

        var passwordFile = Path.Combine(folder, "initdb.password");
        await OwnerOnly.WriteAsync(passwordFile, password + "\n", User, cancellationToken);
        var seen = ChildSpec.PathOf(folder);
        string[] command =
        [
            ServerBinaries.Find("initdb", "postgresql"), "-D", $"{seen}/data.new", "-U", "postgres", "-A", "scram-sha-256",
            $"--pwfile={seen}/initdb.password",
            "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions",
        ];
        try
        {
            using var child = await ChildProcess.StartAsync(
                new ChildSpec("initdb", command, new Dictionary<string, string>(), LogFile, ChildSignal.Kill, User, folder));
            await child.WaitForExitAsync(cancellationToken);
        }
        finally
        {
            File.Delete(passwordFile);
        }

        if (!File.Exists(Path.Combine(unfinished, "PG_VERSION")))
        {
            throw new InvalidOperationException($"initdb failed; see {LogFile}");
        }

        Directory.Move(unfinished, _data);
    }

    private async Task WaitUntilReadyAsync(ChildProcess child, int port, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                await using var connection = new NpgsqlConnection(ConnectionString(port) + ";Pooling=false;Timeout=2");
                await connection.OpenAsync(cancellationToken);
                return;
            }
            catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
            {
                if (child.HasExited || TimeProvider.System.GetElapsedTime(started) > StartPatience)
                {
                    throw new InvalidOperationException($"Postgres did not start; see {LogFile}", exception);
                }

                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, cancellationToken);
            }
        }
    }
}
