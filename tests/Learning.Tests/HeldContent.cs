using System.Net;

namespace Tollgate.Learning.Tests;

/// <summary>A form with the boundary <c>b</c> whose second half is sent when the test says so.</summary>
internal sealed class HeldContent : HttpContent
{
    private readonly byte[] _first;
    private readonly byte[] _second;
    private readonly Task _released;

    public HeldContent(byte[] first, byte[] second, Task released)
    {
        (_first, _second, _released) = (first, second, released);
        Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=b");
    }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await stream.WriteAsync(_first);
        await stream.FlushAsync();
        await _released;
        await stream.WriteAsync(_second);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _first.Length + _second.Length;
        return true;
    }
}
