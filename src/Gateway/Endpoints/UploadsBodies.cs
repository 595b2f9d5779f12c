using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary>Body of <c>POST /v1/uploads</c>. A member with the value null counts as absent.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record UploadRequestBody(
    [property: JsonPropertyName("bytes"), Range(1, UploadRequest.MostBytes), Description("Bytes of the whole file.")] long Bytes,
    [property: JsonPropertyName("filename"), MinLength(1), MaxLength(FileNames.Longest)] string Filename,
    [property: JsonPropertyName("mime_type"), MinLength(1), MaxLength(255), Description("A media type such as text/jsonl.")]
    string MimeType,
    [property: JsonPropertyName("purpose"), OneOfTexts("fine-tune", "batch", "evals", "user_data")] string Purpose)
{
    [JsonPropertyName("expires_after"), Description("When the file is deleted, counted from the completion.")]
    public FileExpiryBody? ExpiresAfter { get; init; }
}

/// <summary>When a file is deleted.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record FileExpiryBody(
    [property: JsonPropertyName("anchor"), OneOfTexts(FileExpiry.Anchor)] string Anchor,
    [property: JsonPropertyName("seconds"), Range(FileExpiry.LeastSeconds, FileExpiry.MostSeconds)] long Seconds);

/// <summary>Form of <c>POST /v1/uploads/{upload}/parts</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record UploadPartForm(
    [property: JsonPropertyName("data"), BinaryFile, Description("Bytes of the part, at most 64 MiB.")] string Data);

/// <summary>Body of <c>POST /v1/uploads/{upload}/complete</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record UploadCompletionBody(
    [property: JsonPropertyName("part_ids"), MinLength(1), MaxLength(UploadCompletion.MostParts),
        Description("Ids of parts in the order of their bytes, each once.")]
    IReadOnlyList<string> PartIds)
{
    [JsonPropertyName("md5"), RegularExpression("^[0-9a-fA-F]{32}$"), Description("MD5 of the whole file, hexadecimal.")]
    public string? Md5 { get; init; }
}

/// <summary>An upload.</summary>
public sealed record UploadObjectBody(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("object"), OneOfTexts("upload")] string Object,
    [property: JsonPropertyName("bytes"), Description("Bytes of the whole file.")] long Bytes,
    [property: JsonPropertyName("bytes_received"), Description("Bytes of the parts that have come.")] long BytesReceived,
    [property: JsonPropertyName("created_at"), Description("Unix seconds.")] long CreatedAt,
    [property: JsonPropertyName("expires_at"), Description("Unix seconds, until when it must be completed.")] long ExpiresAt,
    [property: JsonPropertyName("filename")] string Filename,
    [property: JsonPropertyName("purpose")] string Purpose,
    [property: JsonPropertyName("status"), OneOfTexts("pending", "completed", "cancelled", "expired")] string Status,
    [property: JsonPropertyName("parts"), Description("Parts that have come, the first one first; none after the end.")]
    IReadOnlyList<UploadPartBody> Parts,
    [property: JsonPropertyName("file"), Description("The file of a completed upload, while it is not deleted.")] FileObjectBody? File);

/// <summary>A part of an upload.</summary>
public sealed record UploadPartBody(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("object"), OneOfTexts("upload.part")] string Object,
    [property: JsonPropertyName("upload_id")] string UploadId,
    [property: JsonPropertyName("bytes")] long Bytes,
    [property: JsonPropertyName("created_at"), Description("Unix seconds.")] long CreatedAt);

/// <summary>Examples of the endpoint's bodies.</summary>
internal static class UploadExamples
{
    private const string Head = "\"id\":\"upload_0195aaaa00007000800000000000000a\",\"object\":\"upload\",\"bytes\":120000,"
        + "\"created_at\":1790000000,\"expires_at\":1790003600,\"filename\":\"train.jsonl\",\"purpose\":\"fine-tune\"";

    public static readonly BodyExample Request = new(
        "upload", """{"bytes":120000,"filename":"train.jsonl","mime_type":"text/jsonl","purpose":"fine-tune"}""");

    public static readonly BodyExample Completion = new("parts", """{"part_ids":["part_0195aaaa00007000800000000000000b"]}""");

    public static readonly BodyExample Part = new(
        "part",
        """
        {"id":"part_0195aaaa00007000800000000000000b","object":"upload.part","upload_id":"upload_0195aaaa00007000800000000000000a",
        "bytes":120000,"created_at":1790000100}
        """);

    public static readonly BodyExample Pending = new(
        "upload", $$"""{{{Head}},"bytes_received":120000,"status":"pending","parts":[{{Part.Json}}],"file":null}""");

    public static readonly BodyExample Completed = new(
        "completed", $$"""{{{Head}},"bytes_received":0,"status":"completed","parts":[],"file":{{FileExamples.File.Json}}}""");
}
