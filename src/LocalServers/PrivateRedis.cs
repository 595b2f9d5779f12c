using System.Net.Sockets;
using System.Text;
using Tollgate.ServiceDefaults.Processes;

namespace Tollgate.LocalServers;

/// <summary>
/// A private Redis on a loopback port, set up for the till. It persists nothing, evicts nothing and has no replica, so a restart always
/// empties it and is always noticed. As root it runs as Debian's user <c>redis</c> without capabilities.
/// </summary>
/// <param name="folder">Holds <c>redis.conf</c> and <c>redis.log</c>; created on first use.</param>
/// <param name="settings">Additional lines of <c>redis.conf</c>, each with a line break.</param>
public sealed class PrivateRedis(string folder, string password, string settings = "")
{
    private const string User = "redis";
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(20);

    /// <summary>Returns the connection string in StackExchange.Redis' format.</summary>
    public string ConnectionString(int port) => $"127.0.0.1:{port},password={password}";

    /// <summary>Starts the server and waits until it answers.</summary>
    /// <exception cref="MissingServerException">Redis is not installed.</exception>
    /// <exception cref="InvalidOperationException">Redis did not start; the message names the log.</exception>
    /// <param name="environment">
    /// Additional environment of the server's program only, such as a library to preload. Must not contain secrets.
    /// </param>
    public async Task<ChildProcess> StartAsync(
        int port, CancellationToken cancellationToken, IReadOnlyDictionary<string, string>? environment = null)
    {
        await OwnerOnly.FolderAsync(folder, User, cancellationToken);
        var seen = ChildSpec.PathOf(folder);
        await OwnerOnly.WriteAsync(
            Path.Combine(folder, "redis.conf"),
            $"bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave \"\"\nappendonly no\nmaxmemory-policy noeviction\n"
            + $"dir {seen}\n{settings}",
            User,
            cancellationToken);
        var log = Path.Combine(folder, "redis.log");
        // Sets it with env instead of for setpriv: a library loaded into setpriv would create files that root owns.
        string[] command =
        [
            .. environment is null ? [] : (string[])["/usr/bin/env", .. environment.Select(entry => $"{entry.Key}={entry.Value}")],
            ServerBinaries.Find("redis-server", "redis-server"), $"{seen}/redis.conf",
        ];
        var child = await ChildProcess.StartAsync(
            new ChildSpec("redis", command, new Dictionary<string, string>(), log, RunAs: User, Folder: folder));
        var started = TimeProvider.System.GetTimestamp();
        while (!await AnswersAsync(port, cancellationToken))
        {
            if (child.HasExited || TimeProvider.System.GetElapsedTime(started) > StartPatience)
            {
                throw new InvalidOperationException($"Redis did not start; see {log}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken);
        }

        return child;
    }

    private async Task<bool> AnswersAsync(int port, CancellationToken cancellationToken)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", port, cancellationToken);
            var stream = client.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"AUTH {password}\r\nPING\r\n"), cancellationToken);
            var buffer = new byte[64];
            var text = "";
            while (!text.Contains("PONG", StringComparison.Ordinal))
            {
                var read = await stream.ReadAsync(buffer, cancellationToken);
                if (read == 0)
                {
                    return false;
                }

                text += Encoding.ASCII.GetString(buffer, 0, read);
            }

            return true;
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            return false;
        }
    }
}
