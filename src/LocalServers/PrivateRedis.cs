using System.Net.Sockets;
using System.Text;

namespace Tollgate.LocalServers;

/// <summary>
/// A Redis of our own on a loopback port, set up as the till needs it: it keeps nothing, evicts nothing and has no replica, so that a
/// restart is always empty and always seen. As root it runs as Debian's user <c>redis</c> without capabilities.
/// </summary>
/// <param name="folder">Holds <c>redis.conf</c> and <c>redis.log</c>; made on first use.</param>
/// <param name="settings">More lines of <c>redis.conf</c>, each with its end.</param>
public sealed class PrivateRedis(string folder, string password, string settings = "")
{
    private const string User = "redis";
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(20);

    /// <summary>Connection string in StackExchange.Redis' form.</summary>
    public string ConnectionString(int port) => $"127.0.0.1:{port},password={password}";

    /// <summary>Starts the server and waits until it answers.</summary>
    /// <exception cref="MissingServerException">Redis is not installed.</exception>
    /// <exception cref="InvalidOperationException">It did not start; the message names the log.</exception>
    /// <param name="environment">What the server's own program gets besides, such as a library to load; nothing secret.</param>
    public async Task<ChildProcess> StartAsync(
        int port, CancellationToken cancellationToken, IReadOnlyDictionary<string, string>? environment = null)
    {
        await OwnerOnly.FolderAsync(folder, User, cancellationToken);
        var seen = ChildSpec.PathOf(folder);
        await OwnerOnly.WriteAsync(
            Path.Combine(folder, "redis.conf"),
            $"bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave \"\"\nappendonly no\nmaxmemory-policy noeviction\ndir {seen}\n{settings}",
            User,
            cancellationToken);
        var log = Path.Combine(folder, "redis.log");
        // Not in the environment of the program that changes the user: a library loaded there would leave root's files behind.
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
