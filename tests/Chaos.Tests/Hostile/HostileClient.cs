using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Tollgate.Chaos.Tests.Hostile;

/// <summary>What came back on one connection.</summary>
/// <param name="Answers">Status and request id of each answer, in order.</param>
/// <param name="Silent">Nothing came although the client waited, and the server did not close.</param>
internal sealed record HostileAnswer(
    HostileRequest Request, int Number, IReadOnlyList<(int Status, Guid? RequestId)> Answers, bool Silent, string Text);

/// <summary>Writes bytes to a socket and reads what comes. Thread-safe.</summary>
internal sealed partial class HostileClient(Uri gateway)
{
    /// <summary>How long to wait for a first answer: longer than the gateway waits for a slow body.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>How long to wait for more once an answer has come: most connections say that they end.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);

    private const int MostRead = 1_000_000;

    public async Task<HostileAnswer> SendAsync(HostileRequest request, int number)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, gateway.Port));
        var received = new StringBuilder();
        var reading = request.Ending == Ending.Reset ? Task.FromResult(false) : ReadAsync(socket, received);
        try
        {
            foreach (var part in request.Parts)
            {
                await socket.SendAsync(part);
                if (request.Pause > TimeSpan.Zero)
                {
                    await Task.Delay(request.Pause, TimeProvider.System);
                }
            }

            if (request.Ending == Ending.HalfClose)
            {
                socket.Shutdown(SocketShutdown.Send);
            }
        }
        catch (SocketException)
        {
            // The gateway had read enough and closed.
        }

        if (request.Ending == Ending.Reset)
        {
            socket.Close(0);
        }

        var silent = await reading;
        var text = received.ToString();
        return new HostileAnswer(request, number, [.. ReadAnswers(text)], silent, text);
    }

    /// <summary>Reads until the server closes or says nothing more. True when it neither answered nor closed.</summary>
    private static async Task<bool> ReadAsync(Socket socket, StringBuilder received)
    {
        var buffer = new byte[8192];
        while (received.Length < MostRead)
        {
            using var limit = new CancellationTokenSource(received.Length == 0 ? Patience : Quiet, TimeProvider.System);
            try
            {
                var read = await socket.ReceiveAsync(buffer, limit.Token);
                if (read == 0)
                {
                    return false;
                }

                received.Append(Encoding.Latin1.GetString(buffer, 0, read));
            }
            catch (SocketException)
            {
                return false;
            }
            catch (OperationCanceledException)
            {
                return received.Length == 0;
            }
        }

        return false;
    }

    private static IEnumerable<(int Status, Guid? RequestId)> ReadAnswers(string text)
    {
        var heads = StatusLine().Matches(text);
        for (var i = 0; i < heads.Count; i++)
        {
            var end = i + 1 < heads.Count ? heads[i + 1].Index : text.Length;
            var id = RequestId().Match(text, heads[i].Index, end - heads[i].Index);
            yield return (
                int.Parse(heads[i].Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture),
                id.Success ? Guid.ParseExact(id.Groups[1].ValueSpan, "N") : null);
        }
    }

    [GeneratedRegex("HTTP/1\\.[01] ([0-9]{3})[ \r]")]
    private static partial Regex StatusLine();

    [GeneratedRegex("x-request-id: req_([0-9a-f]{32})")]
    private static partial Regex RequestId();
}
