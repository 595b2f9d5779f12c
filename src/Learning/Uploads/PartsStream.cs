using System.Security.Cryptography;
using Tollgate.Learning.Contents;

namespace Tollgate.Learning.Uploads;

/// <summary>The plain bytes of several parts, one behind the other, and their MD5. Reads forwards alone. Not thread-safe.</summary>
internal sealed class PartsStream(ContentStore contents, IEnumerable<UploadPart> parts) : ForwardStream
{
    private readonly IEnumerator<UploadPart> _parts = parts.GetEnumerator();
    private readonly IncrementalHash _md5 = CreateHash();
    private ContentReader? _part;

    /// <summary>Of all bytes that were read.</summary>
    public byte[] Md5 => _md5.GetCurrentHash();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            if (_part is not null)
            {
                var read = await _part.ReadAsync(buffer, cancellationToken);
                if (read > 0)
                {
                    _md5.AppendData(buffer.Span[..read]);
                    return read;
                }

                await _part.DisposeAsync();
                _part = null;
            }

            if (!_parts.MoveNext())
            {
                return 0;
            }

            var next = _parts.Current;
            _part = await contents.OpenAsync(next.Blob, next.WrappedKey, next.Bytes, 0, cancellationToken);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await (_part?.DisposeAsync() ?? ValueTask.CompletedTask);
        _parts.Dispose();
        _md5.Dispose();
        await base.DisposeAsync();
    }

#pragma warning disable CA5351 // OpenAI's wire asks for MD5, to find a mistake in the transfer; nothing rests on it.
    private static IncrementalHash CreateHash() => IncrementalHash.CreateHash(HashAlgorithmName.MD5);
#pragma warning restore CA5351
}
