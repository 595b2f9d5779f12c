using System.Globalization;
using System.Text;

namespace Tollgate.FederatedKit.Wire;

/// <summary>Writes down every request before it is sent: time, method, address, headers and the body to the last byte. Of the API key only
/// the fact that it is sent.</summary>
internal sealed class Transcript(string path, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private readonly SemaphoreSlim _turn = new(1, 1);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is { } content ? await content.ReadAsByteArrayAsync(cancellationToken) : [];
        await _turn.WaitAsync(cancellationToken);
        try
        {
            await using var file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.Append,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            await file.WriteAsync(Encoding.UTF8.GetBytes(Head(request, body.Length)), cancellationToken);
            await file.WriteAsync(body, cancellationToken);
            await file.WriteAsync("\n\n"u8.ToArray(), cancellationToken);
        }
        finally
        {
            _turn.Release();
        }

        return await base.SendAsync(request, cancellationToken);
    }

    protected override void Dispose(bool disposing)
    {
        _turn.Dispose();
        base.Dispose(disposing);
    }

    private static string Head(HttpRequestMessage request, int bytes)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetUtcNow():O} {request.Method} {request.RequestUri}\n");
        foreach (var (name, values) in request.Headers.Concat(request.Content?.Headers.AsEnumerable() ?? []))
        {
            var value = name == "Authorization" ? "Bearer (your API key)" : string.Join(", ", values);
            text.Append(CultureInfo.InvariantCulture, $"{name}: {value}\n");
        }

        return text.Append(CultureInfo.InvariantCulture, $"{bytes} bytes of body\n\n").ToString();
    }
}
