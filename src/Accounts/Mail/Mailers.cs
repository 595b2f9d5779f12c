using MailKit.Net.Smtp;
using MailKit.Security;
using Microsoft.Extensions.Options;
using MimeKit;

namespace Tollgate.Accounts.Mail;

/// <summary>One e-mail in plain text.</summary>
internal sealed record Letter(string To, string Subject, string Text);

/// <summary>Sends mail. An exception means that the mail was not accepted and should be retried.</summary>
internal interface IMailer
{
    Task SendAsync(Letter letter, CancellationToken cancellationToken);
}

/// <summary>Writes each mail as an <c>.eml</c> file, completely or not at all.</summary>
internal sealed class FolderMailer(IOptions<MailOptions> options, TimeProvider clock) : IMailer
{
    public async Task SendAsync(Letter letter, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(options.Value.Folder);
        var now = clock.GetUtcNow();
        var file = Path.Combine(options.Value.Folder, $"{now:yyyyMMdd'T'HHmmssfff}-{Guid.CreateVersion7(now):N}.eml");
        using var message = letter.ToMessage(options.Value.From, now);
        await message.WriteToAsync(file + ".new", cancellationToken);
        File.Move(file + ".new", file);
    }
}

/// <summary>Sends through a mail server, with one connection per mail because mails are few.</summary>
internal sealed class SmtpMailer(IOptions<MailOptions> options, TimeProvider clock) : IMailer
{
    public async Task SendAsync(Letter letter, CancellationToken cancellationToken)
    {
        var settings = options.Value;
        var security = settings switch
        {
            { SmtpPort: 465 } => SecureSocketOptions.SslOnConnect,
            { SmtpAllowPlain: true } => SecureSocketOptions.StartTlsWhenAvailable,
            _ => SecureSocketOptions.StartTls,
        };
        using var message = letter.ToMessage(settings.From, clock.GetUtcNow());
        using var client = new SmtpClient { Timeout = 10_000 };
        await client.ConnectAsync(settings.SmtpHost!, settings.SmtpPort, security, cancellationToken);
        if (settings.SmtpUser is { Length: > 0 } user)
        {
            await client.AuthenticateAsync(user, settings.SmtpPassword ?? "", cancellationToken);
        }

        await client.SendAsync(message, cancellationToken);
        await client.DisconnectAsync(quit: true, cancellationToken);
    }
}

/// <summary>Drops mail, for <see cref="MailMode.Off"/>. No page then offers anything that needs mail.</summary>
internal sealed class NoMailer : IMailer
{
    public Task SendAsync(Letter letter, CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>Writes letters as MIME messages.</summary>
internal static class LetterMessages
{
    public static MimeMessage ToMessage(this Letter letter, string from, DateTimeOffset now)
    {
        var message = new MimeMessage { Subject = letter.Subject, Date = now, Body = new TextPart("plain") { Text = letter.Text } };
        message.From.Add(new MailboxAddress("Tollgate", from));
        message.To.Add(MailboxAddress.Parse(letter.To));
        return message;
    }
}
