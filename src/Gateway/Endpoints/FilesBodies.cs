using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Microsoft.OpenApi;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary>Form of <c>POST /v1/files</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record FileRequestForm(
    [property: JsonPropertyName(FileParts.File), BinaryFile, Description("The file, with a name.")] string File,
    [property: JsonPropertyName(FileParts.Purpose), OneOfTexts("fine-tune", "batch", "evals", "user_data"),
        Description("What the file is for.")]
    string Purpose)
{
    [JsonPropertyName(FileParts.Anchor), OneOfTexts(FileExpiry.Anchor), Description("From when expires_after counts.")]
    public string? Anchor { get; init; }

    [JsonPropertyName(FileParts.Seconds), Range(FileExpiry.LeastSeconds, FileExpiry.MostSeconds),
        Description("After so many seconds the file is deleted.")]
    public long? Seconds { get; init; }
}

/// <summary>A file.</summary>
public sealed record FileObjectBody(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("object"), OneOfTexts("file")] string Object,
    [property: JsonPropertyName("bytes"), Description("Bytes of the content.")] long Bytes,
    [property: JsonPropertyName("created_at"), Description("Unix seconds.")] long CreatedAt,
    [property: JsonPropertyName("expires_at"), Description("Unix seconds; null for a file that is kept until it is deleted.")]
    long? ExpiresAt,
    [property: JsonPropertyName("filename")] string Filename,
    [property: JsonPropertyName("purpose")] string Purpose,
    [property: JsonPropertyName("status"), OneOfTexts("uploaded", "processed", "error"),
        Description("error: the content cannot be used for the purpose.")]
    string Status,
    [property: JsonPropertyName("status_details"), Description("The faults of a file with status error.")] string? StatusDetails);

/// <summary>Answer of <c>GET /v1/files</c>.</summary>
public sealed record FileListBody(
    [property: JsonPropertyName("object"), OneOfTexts("list")] string Object,
    [property: JsonPropertyName("data")] IReadOnlyList<FileObjectBody> Data,
    [property: JsonPropertyName("first_id")] string? FirstId,
    [property: JsonPropertyName("last_id"), Description("What after takes for the next page.")] string? LastId,
    [property: JsonPropertyName("has_more")] bool HasMore);

/// <summary>Answer of <c>DELETE /v1/files/{file}</c>.</summary>
public sealed record FileDeletedBody(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("object"), OneOfTexts("file")] string Object,
    [property: JsonPropertyName("deleted")] bool Deleted);

/// <summary>What stays of a deleted file.</summary>
public sealed record FileReceiptBody(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("object"), OneOfTexts("file.deletion_receipt")] string Object,
    [property: JsonPropertyName("purpose")] string Purpose,
    [property: JsonPropertyName("bytes")] long Bytes,
    [property: JsonPropertyName("sha256"), Description("Of the content, hexadecimal.")] string Sha256,
    [property: JsonPropertyName("created_at"), Description("Unix seconds.")] long CreatedAt,
    [property: JsonPropertyName("deleted_at"), Description("Unix seconds. From here on nothing could read the content.")] long DeletedAt,
    [property: JsonPropertyName("deleted_by"), Description("The key that asked; null when the file's time was over.")] string? DeletedBy,
    [property: JsonPropertyName("deleted_why"), OneOfTexts("request", "expiry")] string DeletedWhy,
    [property: JsonPropertyName("content_removed"), Description("Whether the sealed bytes have left the store too.")] bool ContentRemoved,
    [property: JsonPropertyName("signature")] FileReceiptSignature Signature);

/// <summary>The installation's signature of a receipt.</summary>
public sealed record FileReceiptSignature(
    [property: JsonPropertyName("algorithm"), OneOfTexts("HMAC-SHA256")] string Algorithm,
    [property: JsonPropertyName("key"), Description("Id of the installation's key.")] string Key,
    [property: JsonPropertyName("text"), Description("What is signed.")] string Text,
    [property: JsonPropertyName("value"), Description("Hexadecimal.")] string Value);

/// <summary>Answer of <c>GET /v1/files/{file}/validation</c>. Members without a value are left out.</summary>
public sealed record FileValidationBody(
    [property: JsonPropertyName("bytes"), Description("Bytes that were read.")] long Bytes,
    [property: JsonPropertyName("rows"), Description("Rows that were read, with those that have faults.")] long Rows,
    [property: JsonPropertyName("good_rows"), Description("Rows without a fault.")] long GoodRows,
    [property: JsonPropertyName("fault_count"), Description("All faults, listed or not.")] long FaultCount,
    [property: JsonPropertyName("is_stopped"), Description("Whether reading ended before the file did.")] bool IsStopped,
    [property: JsonPropertyName("faults"), Description("The first 10,000 in the order of the rows.")] IReadOnlyList<FileFaultBody> Faults)
{
    [JsonPropertyName("format"), Description("jsonl or csv.")]
    public string? Format { get; init; }

    [JsonPropertyName("further_faults"), Description("Faults beyond the listed ones, in words.")]
    public string? FurtherFaults { get; init; }

    [JsonPropertyName("warnings"), Description("What a person should look at.")]
    public IReadOnlyList<FileWarningBody>? Warnings { get; init; }

    [JsonPropertyName("examples"), Description("Statistics of a training file.")]
    public System.Text.Json.JsonElement? Examples { get; init; }

    [JsonPropertyName("batch"), Description("Statistics of a batch.")]
    public System.Text.Json.JsonElement? Batch { get; init; }
}

/// <summary>A fault of a file.</summary>
public sealed record FileFaultBody(
    [property: JsonPropertyName("code"), Description("Names the kind for programs.")] string Code,
    [property: JsonPropertyName("line"), Description("From 1.")] long Line,
    [property: JsonPropertyName("column"), Description("From 1, in characters.")] int Column,
    [property: JsonPropertyName("message")] string Message)
{
    [JsonPropertyName("custom_id"), Description("Of a batch's line.")]
    public string? CustomId { get; init; }
}

/// <summary>A warning about a file.</summary>
public sealed record FileWarningBody(
    [property: JsonPropertyName("code")] string Code,
    [property: JsonPropertyName("message")] string Message,
    [property: JsonPropertyName("lines")] IReadOnlyList<long> Lines);

/// <summary>Examples of the endpoint's bodies.</summary>
internal static class FileExamples
{
    public static readonly BodyExample File = new(
        "file",
        """
        {"id":"file-0195aaaa00007000800000000000000f","object":"file","bytes":120000,"created_at":1790000000,"expires_at":null,
        "filename":"train.jsonl","purpose":"fine-tune","status":"processed","status_details":null}
        """);

    public static readonly BodyExample List = new(
        "files",
        $$"""
        {"object":"list","data":[{{File.Json}}],"first_id":"file-0195aaaa00007000800000000000000f",
        "last_id":"file-0195aaaa00007000800000000000000f","has_more":false}
        """);

    public static readonly BodyExample Deleted = new(
        "deleted", """{"id":"file-0195aaaa00007000800000000000000f","object":"file","deleted":true}""");

    public static readonly BodyExample Validation = new(
        "validation",
        """
        {"format":"jsonl","bytes":96,"rows":1,"good_rows":0,"fault_count":1,"is_stopped":false,
        "faults":[{"code":"missing_model","line":1,"column":80,"message":"'body' has no 'model'. Name the model of the request.",
        "custom_id":"a"}],"warnings":[],"batch":{"models":[]}}
        """);

    public static readonly BodyExample Receipt = new(
        "receipt",
        """
        {"id":"file-0195aaaa00007000800000000000000f","object":"file.deletion_receipt","purpose":"fine-tune","bytes":120000,
        "sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","created_at":1790000000,"deleted_at":1790000900,
        "deleted_by":"key_0195aaaa00007000800000000000000c","deleted_why":"request","content_removed":true,
        "signature":{"algorithm":"HMAC-SHA256","key":"k1","text":"tollgate file receipt 1\n…","value":"5f70bf18a086007016e948b04aed3b82"}}
        """);

    /// <summary>Query of <c>GET /v1/files</c>.</summary>
    public static readonly IReadOnlyList<OpenApiParameter> ListParameters =
    [
        Parameter("after", "The list continues behind the file of this id.", new OpenApiSchema { Type = JsonSchemaType.String }),
        Parameter(
            "limit", "Most files. Default 10000.", new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "1", Maximum = "10000" }),
        Parameter(
            "order", "asc begins with the oldest. Default desc.",
            new OpenApiSchema { Type = JsonSchemaType.String, Enum = ["asc", "desc"] }),
        Parameter("purpose", "Only files of this purpose.", new OpenApiSchema { Type = JsonSchemaType.String }),
    ];

    private static OpenApiParameter Parameter(string name, string description, OpenApiSchema schema) =>
        new() { Name = name, In = ParameterLocation.Query, Description = description, Schema = schema };
}
