using System.Text.Json.Serialization;
using Tollgate.Learning.Callers;

namespace Tollgate.Learning.Files;

/// <summary>OpenAI's file object.</summary>
internal sealed record FileObject(
    string Id, string Object, long Bytes, long CreatedAt, long? ExpiresAt, string Filename, string Purpose, string Status,
    string? StatusDetails)
{
    public static FileObject Of(StoredFile file) => new(
        file.PublicId, "file", file.Bytes, file.CreatedAt.ToUnixTimeSeconds(), file.ExpiresAt?.ToUnixTimeSeconds(), file.Name, file.Purpose,
        file.Status, file.Details);
}

/// <summary>What stays of a deleted file.</summary>
/// <param name="DeletedBy">
/// <c>key_</c> and the key's id; null when a member of the project asked by the portal, and when the file's time was over.
/// </param>
/// <param name="DeletedWhy"><c>request</c> or <c>expiry</c>.</param>
/// <param name="ContentRemoved">Whether the sealed bytes have left the store; their key went with the deletion.</param>
internal sealed record ReceiptObject(
    string Id, string Object, string Purpose, long Bytes, string Sha256, long CreatedAt, long DeletedAt, string? DeletedBy,
    string DeletedWhy, bool ContentRemoved, SignatureObject Signature)
{
    public static ReceiptObject Of(DeletionReceipt receipt) => new(
        $"{StoredFile.Prefix}{receipt.Id:N}", "file.deletion_receipt", receipt.Purpose, receipt.Bytes,
        Convert.ToHexStringLower(receipt.Sha256), receipt.CreatedAt.ToUnixTimeSeconds(), receipt.DeletedAt.ToUnixTimeSeconds(),
        receipt.DeletedBy is { } key ? $"key_{key:N}" : null, receipt.Why, receipt.IsRemoved,
        new SignatureObject("HMAC-SHA256", receipt.SigningKey, receipt.SignedText, Convert.ToHexStringLower(receipt.Mac)));
}

/// <summary>The installation's signature of a receipt.</summary>
/// <param name="Key">Id of the master key.</param>
/// <param name="Text">What is signed, UTF-8.</param>
internal sealed record SignatureObject(string Algorithm, string Key, string Text, string Value);

/// <summary>Serializes the objects above with OpenAI's names.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(FileObject))]
[JsonSerializable(typeof(ListPage<FileObject>), TypeInfoPropertyName = "FileList")]
[JsonSerializable(typeof(DeletedObject))]
[JsonSerializable(typeof(ReceiptObject))]
internal sealed partial class FileJson : JsonSerializerContext;
