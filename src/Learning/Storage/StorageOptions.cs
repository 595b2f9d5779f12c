using Microsoft.Extensions.Options;

namespace Tollgate.Learning.Storage;

/// <summary>Where contents of files lie. Section <c>Storage</c>.</summary>
internal sealed class StorageOptions
{
    public const string Section = "Storage";

    /// <summary>Folder of the contents, on a local file system. Set exactly one of this and <see cref="Bucket"/>.</summary>
    public string Folder { get; init; } = "";

    /// <summary>Bucket of the contents, in a store of S3's protocol. It must exist, without versioning: deleted means gone.</summary>
    public string Bucket { get; init; } = "";

    /// <summary>Address of the store, such as <c>https://s3.example.com</c>; empty for Amazon's.</summary>
    public string Endpoint { get; init; } = "";

    /// <summary>Region that requests are signed for. Default <c>us-east-1</c>.</summary>
    public string Region { get; init; } = "us-east-1";

    /// <summary>Access key of the store.</summary>
    public string AccessKey { get; init; } = "";

    /// <summary>Secret of the access key, usually set through <c>TOLLGATE__Storage__SecretKey_FILE</c>.</summary>
    public string SecretKey { get; init; } = "";

    /// <summary>What the names of contents in the bucket begin with. Default <c>tollgate/</c>.</summary>
    public string Prefix { get; init; } = "tollgate/";
}

/// <summary>Settings that exclude or need each other.</summary>
internal sealed class StorageOptionsValidator : IValidateOptions<StorageOptions>
{
    public ValidateOptionsResult Validate(string? name, StorageOptions options)
    {
        if ((options.Folder.Length > 0) == (options.Bucket.Length > 0))
        {
            return ValidateOptionsResult.Fail("Set exactly one of Storage:Folder and Storage:Bucket: where do files lie?");
        }

        if (options.Bucket.Length > 0 && (options.AccessKey.Length == 0 || options.SecretKey.Length == 0))
        {
            return ValidateOptionsResult.Fail("Storage:Bucket needs Storage:AccessKey and Storage:SecretKey.");
        }

        return options.Endpoint.Length == 0
            || Uri.TryCreate(options.Endpoint, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"Storage:Endpoint: '{options.Endpoint}' is not an address such as https://s3.example.com.");
    }
}
