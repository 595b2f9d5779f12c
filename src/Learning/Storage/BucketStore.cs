using System.Net;
using System.Runtime.CompilerServices;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.Extensions.Options;

namespace Tollgate.Learning.Storage;

/// <summary>
/// Contents as objects of a bucket, in a store of S3's protocol: the prefix and the id. A content of more than one part goes there in
/// parts of 8 MiB; the store shows it when the last one is acknowledged.
/// </summary>
internal sealed class BucketStore(IOptions<StorageOptions> options) : IBlobStore, IDisposable
{
    private const string IdFormat = "N";
    private const int PartBytes = 8 * 1024 * 1024;
    private readonly StorageOptions _options = options.Value;
    private readonly AmazonS3Client _client = Connect(options.Value);

    public Task<BlobWriter> CreateAsync(Guid id, CancellationToken cancellationToken) =>
        Task.FromResult<BlobWriter>(new Writer(this, NameOf(id)));

    public async Task<Stream> OpenAsync(Guid id, long offset, CancellationToken cancellationToken)
    {
        var request = new GetObjectRequest { BucketName = _options.Bucket, Key = NameOf(id) };
        if (offset > 0)
        {
            request.ByteRange = new ByteRange($"bytes={offset}-");
        }

        try
        {
            return (await _client.GetObjectAsync(request, cancellationToken)).ResponseStream;
        }
        catch (AmazonS3Exception exception) when (
            exception.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            throw new BlobMissingException(id, exception);
        }
    }

    public Task DeleteAsync(Guid id, CancellationToken cancellationToken) =>
        _client.DeleteObjectAsync(new DeleteObjectRequest { BucketName = _options.Bucket, Key = NameOf(id) }, cancellationToken);

    public async IAsyncEnumerable<Guid> ListAsync(DateTimeOffset before, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListObjectsV2Request { BucketName = _options.Bucket, Prefix = _options.Prefix };
        ListObjectsV2Response page;
        do
        {
            page = await _client.ListObjectsV2Async(request, cancellationToken);
            foreach (var one in page.S3Objects ?? [])
            {
                if (one.LastModified is { } modified && modified.ToUniversalTime() < before.UtcDateTime
                    && Guid.TryParseExact(one.Key.AsSpan(_options.Prefix.Length), IdFormat, out var id))
                {
                    yield return id;
                }
            }

            request.ContinuationToken = page.NextContinuationToken;
        }
        while (page.IsTruncated == true);
    }

    public async Task<int> DiscardUnfinishedAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        // The protocol states when a content was begun, not when a part of it came last.
        var discarded = 0;
        var request = new ListMultipartUploadsRequest { BucketName = _options.Bucket, Prefix = _options.Prefix };
        ListMultipartUploadsResponse page;
        do
        {
            try
            {
                page = await _client.ListMultipartUploadsAsync(request, cancellationToken);
            }
            catch (AmazonS3Exception exception) when (exception.StatusCode == HttpStatusCode.NotImplemented)
            {
                return discarded; // Stores without this call are cleaned by a rule of their own, if at all.
            }

            foreach (var one in page.MultipartUploads ?? [])
            {
                if (one.Initiated is { } begun && begun.ToUniversalTime() < before.UtcDateTime)
                {
                    await AbortAsync(one.Key, one.UploadId);
                    discarded++;
                }
            }

            (request.KeyMarker, request.UploadIdMarker) = (page.NextKeyMarker, page.NextUploadIdMarker);
        }
        while (page.IsTruncated == true);
        return discarded;
    }

    public void Dispose() => _client.Dispose();

    private static AmazonS3Client Connect(StorageOptions options)
    {
        var config = new AmazonS3Config
        {
            AuthenticationRegion = options.Region,
            ForcePathStyle = options.Endpoint.Length > 0, // Stores beside Amazon's rarely have a host name for each bucket.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED, // Contents have tags of their own.
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        if (options.Endpoint.Length > 0)
        {
            config.ServiceURL = options.Endpoint;
        }
        else
        {
            config.RegionEndpoint = Amazon.RegionEndpoint.GetBySystemName(options.Region);
        }

        return new AmazonS3Client(new BasicAWSCredentials(options.AccessKey, options.SecretKey), config);
    }

    private string NameOf(Guid id) => _options.Prefix + id.ToString(IdFormat);

    private Task<AbortMultipartUploadResponse> AbortAsync(string name, string upload) => _client.AbortMultipartUploadAsync(
        new AbortMultipartUploadRequest { BucketName = _options.Bucket, Key = name, UploadId = upload }, CancellationToken.None);

    private sealed class Writer(BucketStore store, string name) : BlobWriter
    {
        private readonly MemoryStream _part = new();
        private readonly List<PartETag> _sent = [];
        private string? _upload;
        private bool _committed;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            _part.Write(bytes.Span);
            if (_part.Length >= PartBytes)
            {
                await SendPartAsync(cancellationToken);
            }
        }

        public override async Task CommitAsync(CancellationToken cancellationToken)
        {
            if (_upload is null)
            {
                _part.Position = 0;
                await store._client.PutObjectAsync(
                    new PutObjectRequest
                    {
                        BucketName = store._options.Bucket, Key = name, InputStream = _part, AutoCloseStream = false,
                        UseChunkEncoding = false,
                    },
                    cancellationToken);
            }
            else
            {
                if (_part.Length > 0)
                {
                    await SendPartAsync(cancellationToken);
                }

                await store._client.CompleteMultipartUploadAsync(
                    new CompleteMultipartUploadRequest
                    {
                        BucketName = store._options.Bucket, Key = name, UploadId = _upload, PartETags = _sent,
                    },
                    cancellationToken);
            }

            _committed = true;
        }

        public override async ValueTask DisposeAsync()
        {
            if (!_committed && _upload is not null)
            {
                await store.AbortAsync(name, _upload);
            }

            await _part.DisposeAsync();
        }

        private async Task SendPartAsync(CancellationToken cancellationToken)
        {
            _upload ??= (await store._client.InitiateMultipartUploadAsync(
                new InitiateMultipartUploadRequest { BucketName = store._options.Bucket, Key = name }, cancellationToken)).UploadId;
            _part.Position = 0;
            var number = _sent.Count + 1;
            var sent = await store._client.UploadPartAsync(
                new UploadPartRequest
                {
                    BucketName = store._options.Bucket, Key = name, UploadId = _upload, PartNumber = number, InputStream = _part,
                    PartSize = _part.Length, UseChunkEncoding = false,
                },
                cancellationToken);
            _sent.Add(new PartETag(number, sent.ETag));
            _part.SetLength(0);
        }
    }
}
