using Microsoft.Extensions.Options;
using Tollgate.Accounts.Outbox;
using Tollgate.Accounts.Portal;

namespace Tollgate.Accounts.Mail;

/// <summary>Registers mail.</summary>
internal static class MailSetup
{
    public static void AddMail(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<MailOptions>, MailOptionsValidator>();
        builder.Services.AddOptions<MailOptions>().Bind(builder.Configuration.GetSection(MailOptions.Section)).ValidateOnStart();
        builder.Services.AddSingleton<DevelopmentMailbox>();
        builder.Services.AddSingleton<FolderMailer>();
        builder.Services.AddSingleton<SmtpMailer>();
        builder.Services.AddSingleton<NoMailer>();
        builder.Services.AddScoped<MailDelivery>();
        builder.Services.AddOutboxReceiver<MailDelivery>(OutboxKind.Mail);
        builder.Services.AddSingleton<IMailer>(services => services.GetRequiredService<IOptions<MailOptions>>().Value.EffectiveMode switch
        {
            MailMode.Smtp => services.GetRequiredService<SmtpMailer>(),
            MailMode.Off => services.GetRequiredService<NoMailer>(),
            _ => services.GetRequiredService<FolderMailer>(),
        });
    }

    /// <summary>Refuses a mail folder on a portal that others can reach, because the mailbox page shows its mails.</summary>
    /// <exception cref="InvalidOperationException">The portal is public and mail goes to a folder, or to SMTP without a host.</exception>
    public static void RefuseFolderInPublic(MailOptions options, PortalAddress address)
    {
        if (address.IsLoopback)
        {
            return;
        }

        if (options.EffectiveMode == MailMode.Folder)
        {
            throw new InvalidOperationException(
                "The portal listens beyond loopback, but its mail would go to a folder. "
                + "Set Mail:SmtpHost, or Mail:Mode=Off to do without mail.");
        }

        if (options is { EffectiveMode: MailMode.Smtp, SmtpHost: null or "" })
        {
            throw new InvalidOperationException("Mail:Mode is Smtp, but Mail:SmtpHost is not set.");
        }
    }
}
