using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tollgate.Testing.SingleSignOn;

/// <summary>A name server on a real UDP socket. It knows TXT records alone.</summary>
public sealed class TextRecordServer : IAsyncDisposable
{
    private const int HeaderLength = 12;
    private readonly UdpClient _socket = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    public TextRecordServer() => _loop = AnswerAsync();

    public string Address => _socket.Client.LocalEndPoint!.ToString()!;

    /// <summary>Texts by name, in lower case.</summary>
    public ConcurrentDictionary<string, string> Records { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _socket.Dispose();
        _stop.Dispose();
    }

    private async Task AnswerAsync()
    {
        try
        {
            while (true)
            {
                var asked = await _socket.ReceiveAsync(_stop.Token);
                await _socket.SendAsync(Answer(asked.Buffer), asked.RemoteEndPoint, _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }

    private byte[] Answer(byte[] question)
    {
        var (name, end) = ReadName(question);
        var asked = question[HeaderLength..(end + 4)]; // Name, type and class.
        byte[] answer = Records.TryGetValue(name, out var text) ? WriteRecord(text) : [];
        var header = new byte[HeaderLength];
        question.AsSpan(0, 2).CopyTo(header);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), (ushort)(0x8180 | (answer.Length == 0 ? 3 : 0))); // 3: no such name.
        header[5] = 1;
        header[7] = (byte)(answer.Length == 0 ? 0 : 1);
        return [.. header, .. asked, .. answer];
    }

    private static byte[] WriteRecord(string text)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        return [0xc0, HeaderLength, 0, 16, 0, 1, 0, 0, 0, 0, 0, (byte)(bytes.Length + 1), (byte)bytes.Length, .. bytes];
    }

    private static (string Name, int End) ReadName(byte[] question)
    {
        var (labels, at) = (new List<string>(), HeaderLength);
        for (; question[at] != 0; at += question[at] + 1)
        {
            labels.Add(Encoding.ASCII.GetString(question, at + 1, question[at]).ToLowerInvariant());
        }

        return (string.Join('.', labels), at + 1);
    }
}
