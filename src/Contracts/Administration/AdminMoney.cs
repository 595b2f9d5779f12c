using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Tollgate.Contracts.Administration;

/// <summary>The hard spend limit of an organization or a project. No request is admitted that could pass it.</summary>
public sealed record AdminSpendLimit(
    [property: JsonPropertyName("object"), Description("organization.spend_limit or project.spend_limit.")] string Object,
    [property: JsonPropertyName("threshold_amount"), Description("US cents.")] decimal ThresholdAmount,
    [property: JsonPropertyName("currency"), Description("Always USD.")] string Currency,
    [property: JsonPropertyName("interval"), Description("Always month: a UTC month.")] string Interval,
    [property: JsonPropertyName("enforcement")] AdminEnforcement Enforcement);

/// <summary>Whether a spend limit refuses requests.</summary>
public sealed record AdminEnforcement(
    [property: JsonPropertyName("status"), Description("enforcing; inactive for a limit of an archived project.")] string Status);

/// <summary>Body of a request that sets a spend limit.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdminSpendLimitRequest(
    [property: JsonPropertyName("threshold_amount"), Description("US cents, 0 to 100,000,000. 0 refuses every request that costs.")]
    decimal ThresholdAmount,
    [property: JsonPropertyName("currency"), Description("USD.")] string Currency,
    [property: JsonPropertyName("interval"), Description("month.")] string Interval);

/// <summary>A spend alert: a mail once a month, when the spend reaches an amount.</summary>
public sealed record AdminSpendAlert(
    [property: JsonPropertyName("id"), Description("alert_ and 32 hex digits.")] string Id,
    [property: JsonPropertyName("object"), Description("organization.spend_alert or project.spend_alert.")] string Object,
    [property: JsonPropertyName("threshold_amount"), Description("US cents.")] decimal ThresholdAmount,
    [property: JsonPropertyName("currency"), Description("Always USD.")] string Currency,
    [property: JsonPropertyName("interval"), Description("Always month: a UTC month.")] string Interval,
    [property: JsonPropertyName("notification_channel")] AdminNotification NotificationChannel);

/// <summary>Who gets a spend alert.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdminNotification(
    [property: JsonPropertyName("type"), Description("email.")] string Type,
    [property: JsonPropertyName("recipients"), Description("1 to 20 addresses of members of the organization.")]
    IReadOnlyList<string> Recipients)
{
    [JsonPropertyName("subject_prefix"), Description("What the subject begins with, at most 100 characters.")]
    public string? SubjectPrefix { get; init; }
}

/// <summary>Body of a request that makes or replaces a spend alert.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdminSpendAlertRequest(
    [property: JsonPropertyName("threshold_amount"), Description("US cents, 0 to 100,000,000.")] decimal ThresholdAmount,
    [property: JsonPropertyName("currency"), Description("USD.")] string Currency,
    [property: JsonPropertyName("interval"), Description("month.")] string Interval,
    [property: JsonPropertyName("notification_channel")] AdminNotification NotificationChannel);

/// <summary>How long content is kept.</summary>
public sealed record AdminDataRetention(
    [property: JsonPropertyName("object"), Description("organization.data_retention or project.data_retention.")] string Object,
    [property: JsonPropertyName("type"),
        Description(
            "zero_data_retention: no responses are kept. modified_abuse_monitoring, or none for a project: responses are kept for 30 "
            + "days, unless their request says store: false. organization_default: a project does as its organization.")]
    string Type);

/// <summary>Body of a request that changes how long content is kept.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdminDataRetentionRequest(
    [property: JsonPropertyName("retention_type"),
        Description("A type of the answer. The enhanced types of OpenAI are not accepted: here nobody reads what is kept.")]
    string RetentionType);
